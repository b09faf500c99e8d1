/**
 * What hearing speech costs, and how long it takes: the detectors of 1, 8 and 16 calls in a process of their own. The
 * floor are the same detectors with loudness alone, which is also what they fall back to; feeding them is in both.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Aim, Bench, BenchOptions, BenchReport, Row } from "../common/bench.ts";
import { interleave } from "../common/interleave.ts";
import { median } from "../common/statistics.ts";
import { cpuOfOneCall, Taken } from "./taken.ts";

const PROGRAM = join(import.meta.dirname, "calls.ts");
const CALLS = [1, 8, 16];
const MEASURED_MS = 3_000;
/** Each round is seconds of hearing, so it takes fewer than most. */
const ROUNDS_PER_RUN = 3 / 5;
/** At this many calls the cost of each has to be small. */
const MANY = 16;
const MAX_CPU_PERCENT = 0.4;
const SMALL: Aim = {
  text: `≤ ${MAX_CPU_PERCENT} %`,
  met: ({ median: ours }) => ours <= MAX_CPU_PERCENT,
};

type Model = "silero" | "energy";

export const vadBench: Bench = {
  name: "vad",
  summary: "what hearing speech costs each call, and how long a judgement takes",
  run: runVad,
};

async function runVad(options: BenchOptions): Promise<BenchReport> {
  const taken = new Map<string, Taken[]>();
  const measure = (model: Model, calls: number) => async (round: number) => {
    const one = await hear({ model, calls, seed: options.seed + round, signal: options.signal });
    const name = nameOf(model, calls);
    taken.set(name, [...(taken.get(name) ?? []), one]);
    return cpuOfOneCall(one, calls);
  };
  const measurements = Object.fromEntries(
    CALLS.flatMap((calls) =>
      (["silero", "energy"] as const).map((model) => [nameOf(model, calls), measure(model, calls)] as const),
    ),
  );
  const cpu = await interleave({
    rounds: Math.ceil(options.runs * ROUNDS_PER_RUN),
    measurements,
    options,
  });
  const all = (model: Model, calls: number) => taken.get(nameOf(model, calls)) ?? [];
  const rows = CALLS.flatMap((calls): Row[] => [
    {
      label: `CPU of each of ${calls}`,
      unit: "%",
      ours: cpu[nameOf("silero", calls)] ?? [],
      floor: cpu[nameOf("energy", calls)] ?? [],
      ...(calls === MANY ? { aim: SMALL } : {}),
    },
    {
      label: `a judgement at ${calls}`,
      unit: "ms",
      ours: all("silero", calls).flatMap(({ delaysMs }) => delaysMs),
    },
    {
      label: `memory at ${calls}`,
      unit: "MiB",
      ours: all("silero", calls).map(mebibytes),
      floor: all("energy", calls).map(mebibytes),
    },
  ]);
  const batches = CALLS.map((calls) => {
    const sizes = all("silero", calls).map(({ windows, batches }) => windows / batches);
    return `${median(sizes).toFixed(1)} at ${calls}`;
  });
  const lost = CALLS.flatMap((calls) => all("silero", calls)).reduce((sum, one) => sum + one.windowsLost, 0);
  return {
    workload: `Sentences in three levels of noise, in frames of 20 ms, 8 calls a page, for ${MEASURED_MS / 1_000} s each.`,
    rows,
    notes: [
      "CPU is that of the whole process, its model's thread included, in percent of a core.",
      `Windows a batch: ${batches.join(", ")}. Windows lost: ${lost}.`,
      "A judgement is counted from the frame that made its window whole; up to 12 ms of it are the wait for other calls.",
    ],
  };
}

function nameOf(model: Model, calls: number): string {
  return `${model}, ${calls} calls`;
}

function mebibytes({ residentBytes }: Taken): number {
  return residentBytes / 2 ** 20;
}

interface Hearing {
  model: Model;
  calls: number;
  seed: number;
  signal: AbortSignal;
}

async function hear({ model, calls, seed, signal }: Hearing): Promise<Taken> {
  const args = [`--model=${model}`, `--calls=${calls}`, `--ms=${MEASURED_MS}`, `--seed=${seed}`];
  const child = spawn(process.execPath, [PROGRAM, ...args], { signal, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`The calls ended with code ${code}.`);
  return Taken.parse(JSON.parse(output));
}
