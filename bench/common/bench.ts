import type { Summary } from "./statistics.ts";

export type Unit = "ms" | "%" | "MiB" | "kB" | "/s" | "count";

/** What a figure ought to be. It is shown, and is never the condition of a test. */
export interface Aim {
  /** As it stands in the table: `≤ 1.3 × floor`. */
  text: string;
  met(ours: Summary, floor?: Summary): boolean;
}

/** One figure: what was measured of the product beside the least that it could be. */
export interface Row {
  label: string;
  unit: Unit;
  /** One value for each sample. */
  ours: readonly number[];
  /** The same of something without our code, measured in the same run, in turns with ours. */
  floor?: readonly number[];
  aim?: Aim;
}

export interface BenchReport {
  /** What was measured under what load, in a sentence: no figure means anything without it. */
  workload: string;
  rows: Row[];
  /** What a reader has to know beside the figures. */
  notes: string[];
}

export interface BenchOptions {
  /** How often each thing is measured; what that means beyond "more is surer" is the benchmark's own. */
  runs: number;
  /** Of all that is random. */
  seed: number;
  /** Says what is going on, in a line. */
  progress(text: string): void;
  /** Aborted when the user has had enough: whatever runs is to be ended, and `run` to reject. */
  signal: AbortSignal;
  /** What was given as `--name value` for the benchmarks that know it (see `OWN_OPTIONS`). */
  option(name: OwnOption): string | undefined;
}

/** Options of single benchmarks, with their help. */
export const OWN_OPTIONS = {
  calls: "density (1,2,4,8,16), latency (1,8): how many calls at a time, in steps",
  minutes: "soak: how long (30)",
  plant: "to prove the instruments: ms of delay put in on our side alone (0); not density, soak",
} as const;
export type OwnOption = keyof typeof OWN_OPTIONS;

export interface Bench {
  name: string;
  /** What it tells, in a line. */
  summary: string;
  /** Too long for `npm run bench` without a name. */
  byNameOnly?: true;
  run(options: BenchOptions): Promise<BenchReport>;
}
