import { availableParallelism } from "node:os";
import type { Bench, BenchOptions, BenchReport, Row } from "../common/bench.ts";
import { sampleTree, totalPss } from "../common/process-usage.ts";
import { Talkers } from "../common/talkers/talkers.ts";
import { measure } from "./measure.ts";
import { Product } from "./product.ts";
import { type Arrangement, type Level, notesOf, rowsOf } from "./report-rows.ts";
import { BareCalls, DEBUGGING_PORT, LoadedProduct } from "./systems.ts";

const MIB = 1 << 20;
const USUAL_CALLS = [1, 2, 4, 8, 16];
/** With fewer cores users and emulators would leave too little to the bot. */
const MORE_CALLS = [24, 32];
const MORE_CALLS_FROM_CORES = 4;
/** What a host allows in one page at most. */
const MAX_CALLS = 64;
/** The product's own default. */
const CALLS_PER_PAGE = 8;
/** A round through all numbers of calls takes three minutes: so one for as many runs as there are by default. */
const RUNS_A_ROUND = 5;
const MAX_MIB_PER_CALL = { usual: 15, inOnePage: 8 };

export const densityBench: Bench = {
  name: "density",
  summary: "what a call costs: CPU and memory of the bot, by how many there are",
  async run(options): Promise<BenchReport> {
    const calls = callsOf(options.option("calls"));
    const capacity = Math.max(...calls);
    const alone: number[] = [];
    const usual = await arrange(options, {
      name: `${CALLS_PER_PAGE} a page`,
      maxMiBPerCall: MAX_MIB_PER_CALL.usual,
      callsPerPage: CALLS_PER_PAGE,
      calls,
      capacity,
      alone: (miB) => alone.push(miB),
    });
    const arrangements = [usual];
    // Up to a page's worth of calls the two are the same.
    const more = calls.filter((one) => one >= CALLS_PER_PAGE);
    if (capacity > CALLS_PER_PAGE) {
      const inOnePage = await arrange(options, {
        name: "all in a page",
        maxMiBPerCall: MAX_MIB_PER_CALL.inOnePage,
        callsPerPage: capacity,
        calls: more,
        capacity,
      });
      arrangements.push(inOnePage);
    }
    const fixed: Row = { label: "no call: memory, with no other Chromium", unit: "MiB", ours: alone };
    return {
      workload:
        "Recorded speech both ways, 2 s on and 2 s off, user and model in turns, the calls evenly spread over the cycle. " +
        "Looked at for 8 s. CPU and memory (PSS, after forced collections) of the bot runtime's processes alone: " +
        "Node and its Chromium. Floor: as many calls by daily-js alone, in as many pages of the same Chromium, without Node.",
      rows: [fixed, ...arrangements.flatMap(rowsOf)],
      notes: [
        "CPU is in percent of one core. Users and emulators are other processes, and not counted.",
        "Memory that several programs share (the browser's own file) is divided among them, users' browser included: a bot alone on a machine takes more by a constant, see the first line.",
        ...arrangements.flatMap(notesOf),
      ],
    };
  },
};

/** @throws Error when the option is not a list of numbers of calls */
export function callsOf(option: string | undefined, cores = availableParallelism()): number[] {
  if (option === undefined) return [...USUAL_CALLS, ...(cores >= MORE_CALLS_FROM_CORES ? MORE_CALLS : [])];
  const calls = option.split(",").map(Number);
  const wrong = calls.some((one) => !Number.isInteger(one) || one < 1 || one > MAX_CALLS);
  if (wrong)
    throw new Error(`--calls has to be numbers from 1 to ${MAX_CALLS} with commas between, not "${option}"`);
  return [...new Set(calls)].sort((a, b) => a - b);
}

interface Plan extends Pick<Arrangement, "name" | "maxMiBPerCall"> {
  callsPerPage: number;
  calls: readonly number[];
  capacity: number;
  /** Told what the bot runtime takes when there is nothing else on the machine. */
  alone?(miB: number): void;
}

async function arrange(options: BenchOptions, plan: Plan): Promise<Arrangement> {
  const { name, maxMiBPerCall, callsPerPage, capacity } = plan;
  const { progress, signal } = options;
  const rounds = Math.ceil(options.runs / RUNS_A_ROUND);
  signal.throwIfAborted();
  await using stack = new AsyncDisposableStack();
  progress(`${name}: starting`);
  const product = stack.use(await Product.open({ callsPerPage, capacity }));
  if (plan.alone) {
    await product.collectGarbage();
    plan.alone(totalPss(await sampleTree(product.pid)) / MIB);
  }
  const { callMachineUrl } = product;
  const users = stack.use(await Talkers.open({ callMachineUrl, callsPerPage: CALLS_PER_PAGE }));
  const bare = stack.use(await Talkers.open({ callMachineUrl, callsPerPage, flags: [DEBUGGING_PORT] }));
  const systems = {
    ours: new LoadedProduct(product, users),
    floor: new BareCalls({ bare, users, dailyUrl: product.stack.daily.url }),
  };
  const levels: Level[] = plan.calls.map((calls) => ({ calls, ours: [], floor: [] }));
  for (let round = 0; round < rounds; round += 1) {
    const sides = round % 2 === 0 ? (["ours", "floor"] as const) : (["floor", "ours"] as const);
    for (const level of levels) {
      for (const side of sides) {
        progress(`${name}, round ${round + 1} of ${rounds}: ${level.calls} calls, ${side}`);
        level[side].push(await measure(systems[side], { calls: level.calls, signal }));
      }
    }
  }
  return { name, maxMiBPerCall, levels };
}
