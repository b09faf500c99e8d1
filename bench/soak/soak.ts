import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { askJson } from "../../test/campaign/leaks/ask.ts";
import { pollUntil } from "../../test/campaign/leaks/rest.ts";
import type { Bench, BenchOptions, BenchReport, Row } from "../common/bench.ts";
import { type ProcessUsage, sampleTree, type TreeUsage } from "../common/process-usage.ts";
import { Talkers } from "../common/talkers/talkers.ts";
import { idlePercent, machineTimes } from "../density/machine-load.ts";
import { Product } from "../density/product.ts";
import { PageClock } from "./page-clock.ts";
import { CALLS_A_ROUND, planRounds, type Round } from "./plan.ts";
import { type Point, type Trend, trendOf } from "./trend.ts";

const MIB = 1 << 20;
const BYTES_PER_KB = 1_000;
const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const USUAL_MINUTES = 30;
/** A session may last an hour, and one of them lasts all the time. */
const MAX_MINUTES = 55;
/** Rounds before the first that counts: code is compiled, pools are filled. */
const WARM_UP_ROUNDS = 5;
/** How often garbage is collected, evenly over the time. */
const COLLECTIONS = 15;
/** With fewer a line could be anything. */
const LEAST_COLLECTIONS = 5;
/** From a stopped session to a bot that has nothing of it. */
const AT_REST_WITHIN_MS = 15_000;
const CALLS_PER_PAGE = 8;

const BotHealth = z.object({ active: z.number() });

/** At rest after a round: with the one call that lasts, and no other. */
interface Sample {
  /** That have come and gone. */
  calls: number;
  node: Used;
  chromium: Used;
}

interface Used {
  pssBytes: number;
  handles: number;
  threads: number;
}

export const soakBench: Bench = {
  name: "soak",
  summary: "half an hour of calls that come and go: what grows, and how far clocks drift apart",
  byNameOnly: true,
  async run(options): Promise<BenchReport> {
    const minutes = minutesOf(options.option("minutes"));
    await using stack = new AsyncDisposableStack();
    options.progress("starting");
    const product = stack.use(await Product.open({ callsPerPage: CALLS_PER_PAGE, capacity: CALLS_PER_PAGE }));
    const users = stack.use(
      await Talkers.open({ callMachineUrl: product.callMachineUrl, callsPerPage: CALLS_PER_PAGE }),
    );
    const soaked = await soak({ product, users, minutes, options });
    return reportOf(soaked, minutes);
  },
};

/** @throws Error when the option is not a number of minutes that is possible */
export function minutesOf(option: string | undefined): number {
  const minutes = option === undefined ? USUAL_MINUTES : Number(option);
  if (minutes >= 1 && minutes <= MAX_MINUTES) return minutes;
  throw new Error(`--minutes has to be a number from 1 to ${MAX_MINUTES}, not "${option}"`);
}

interface Soaked {
  /** After each round. */
  samples: Sample[];
  /** What was left after some of these once garbage was collected. */
  collected: Sample[];
  clock: PageClock;
  framesLost: number;
  /** Of the whole machine, all the time. */
  idlePercent: number;
}

interface Soaking {
  product: Product;
  users: Talkers;
  minutes: number;
  options: BenchOptions;
}

async function soak({ product, users, minutes, options }: Soaking): Promise<Soaked> {
  const { progress, signal, seed } = options;
  const lasting = await product.startCall({ users, phaseMs: 0 });
  await lasting.letModelSpeak();
  const [page] = await product.takeBatches();
  if (!page) throw new Error("The page of the call that lasts sends nothing");
  const clock = new PageClock(page.page);
  const lostBefore = await product.framesLost();
  const rounds = planRounds(seed);
  let calls = 0;
  const next = async () => {
    // A generator without an end.
    await playRound(rounds.next().value as Round, { product, users, signal });
    calls += CALLS_A_ROUND;
    clock.add(await product.takeBatches());
    return sampleOf(calls, await sampleTree(product.pid));
  };
  while (calls < WARM_UP_ROUNDS * CALLS_A_ROUND) await next();
  const samples: Sample[] = [];
  const collected: Sample[] = [];
  const machineBefore = await machineTimes();
  const startedAt = performance.now();
  const elapsedMin = () => (performance.now() - startedAt) / MS_PER_MINUTE;
  while (elapsedMin() < minutes || collected.length < LEAST_COLLECTIONS) {
    const sample = await next();
    samples.push(sample);
    const leftMin = Math.max(0, minutes - elapsedMin()).toFixed(1);
    progress(`${calls} calls, ${leftMin} minutes left: ${describe(sample)}`);
    // Often enough for a line through them; in between the engines do as they like.
    if (elapsedMin() < (collected.length * minutes) / COLLECTIONS) continue;
    await product.collectGarbage();
    // The audio thread stood still for it.
    await product.takeBatches();
    clock.leaveOut();
    collected.push(sampleOf(calls, await sampleTree(product.pid)));
  }
  const framesLost = (await product.framesLost()) - lostBefore;
  await lasting.end();
  const idle = idlePercent(machineBefore, await machineTimes());
  return { samples, collected, clock, framesLost, idlePercent: idle };
}

async function playRound(
  round: Round,
  { product, users, signal }: Pick<Soaking, "product" | "users"> & Pick<BenchOptions, "signal">,
): Promise<void> {
  await Promise.all(
    round.map(async ({ startMs, talkMs }) => {
      await sleep(startMs, undefined, { signal });
      const call = await product.startCall({ users, phaseMs: startMs });
      try {
        await call.letModelSpeak();
        await sleep(talkMs, undefined, { signal });
      } finally {
        await call.end();
      }
    }),
  );
  const active = async () => (await askJson(BotHealth, `${product.stack.bot.url}/health`)).active;
  const left = await pollUntil(active, (count) => count === 1, AT_REST_WITHIN_MS);
  if (left !== 1)
    throw new Error(`The bot runtime has ${left} calls where one lasts and the others were stopped`);
}

function sampleOf(calls: number, { processes }: TreeUsage): Sample {
  const isNode = ({ role }: ProcessUsage) => /^(node|MainThread)/.test(role);
  return {
    calls,
    node: sum(processes.filter(isNode)),
    chromium: sum(processes.filter((one) => !isNode(one))),
  };
}

function sum(processes: readonly ProcessUsage[]): Used {
  const of = (what: keyof Used) => processes.reduce((total, one) => total + one[what], 0);
  return { pssBytes: of("pssBytes"), handles: of("handles"), threads: of("threads") };
}

function describe({ node, chromium }: Sample): string {
  const one = ({ pssBytes, handles }: Used) => `${(pssBytes / MIB).toFixed(0)} MiB, ${handles} handles`;
  return `Node ${one(node)}; Chromium ${one(chromium)}`;
}

function reportOf(
  { samples, collected, clock, framesLost, idlePercent }: Soaked,
  minutes: number,
): BenchReport {
  const rows: Row[] = [];
  const notes: string[] = [];
  const add = (row: Omit<Row, "ours">, trend: Trend, scale: number) => {
    rows.push({ ...row, ours: [trend.slope * scale] });
    notes.push(`${row.label}: ± ${(2 * trend.standardError * scale).toFixed(2)} (two standard errors).`);
  };
  for (const side of ["node", "chromium"] as const) {
    const name = side === "node" ? "Node" : "Chromium";
    const kept = (what: keyof Used) =>
      trendOf(collected.map((sample): Point => ({ x: sample.calls, y: sample[side][what] })));
    add({ label: `${name}: memory kept of each call`, unit: "kB" }, kept("pssBytes"), 1 / BYTES_PER_KB);
    add({ label: `${name}: handles kept of a hundred calls`, unit: "count" }, kept("handles"), 100);
    add({ label: `${name}: threads kept of a hundred calls`, unit: "count" }, kept("threads"), 100);
    notes.push(`${name}: at most ${most(samples, side)} before garbage was collected.`);
  }
  const ahead = clock.aheadMs;
  add({ label: "page's clock before Node's, in an hour", unit: "ms" }, trendOf(ahead), MS_PER_HOUR);
  rows.push({
    label: "frames lost",
    unit: "count",
    ours: [framesLost],
    aim: { text: "none", met: ({ max }) => max === 0 },
  });
  const [first, last] = [collected[0], collected.at(-1)];
  if (first && last) {
    notes.push(`${first.calls} calls: ${describe(first)}. ${last.calls} calls: ${describe(last)}.`);
  }
  const lasted = ((ahead.at(-1)?.x ?? 0) / MS_PER_MINUTE).toFixed(1);
  notes.push(
    `The page's clock is ${ahead.at(-1)?.y.toFixed(1)} ms before Node's after ${lasted} minutes. Less than 0 is sound that was never made, since the audio thread was not let run in time. The machine was ${idlePercent.toFixed(0)} % idle.`,
  );
  return {
    workload:
      `${minutes} minutes, ${last?.calls ?? 0} calls of 4 to 15 s, ${CALLS_A_ROUND} at a time beside one that lasts, with recorded speech both ways. ` +
      "Looked at whenever only that one is left. What is kept of a call is what is there after a forced collection.",
    rows,
    notes,
  };
}

function most(samples: readonly Sample[], side: "node" | "chromium"): string {
  const of = (what: keyof Used) => Math.max(...samples.map((sample) => sample[side][what]));
  return `${(of("pssBytes") / MIB).toFixed(0)} MiB, ${of("handles")} handles`;
}
