import { readFile } from "node:fs/promises";

/** Times of all processors together since boot, in ticks. */
export interface MachineTimes {
  idle: number;
  all: number;
}

/** By the first line of /proc/stat: user nice system idle iowait irq softirq steal, and guests, which count as user. */
export function parseMachineTimes(stat: string): MachineTimes {
  const [, numbers = ""] = /^cpu +(.+)$/m.exec(stat) ?? [];
  const ticks = numbers.split(" ").slice(0, 8).map(Number);
  const [, , , idle = Number.NaN, waiting = Number.NaN] = ticks;
  return { idle: idle + waiting, all: ticks.reduce((sum, one) => sum + one, 0) };
}

export async function machineTimes(): Promise<MachineTimes> {
  return parseMachineTimes(await readFile("/proc/stat", "utf8"));
}

/** How much of all processors nobody used, in percent. */
export function idlePercent(before: MachineTimes, after: MachineTimes): number {
  return (100 * (after.idle - before.idle)) / (after.all - before.all);
}
