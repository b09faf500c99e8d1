import type { BenchOptions } from "../common/bench.ts";

const MAX_CALLS = 32;
const MAX_PLANTED_MS = 1_000;

/** How many calls at a time, in steps. @throws Error with a sentence for the user */
export function callSteps({ option }: Pick<BenchOptions, "option">, usual: readonly number[]): number[] {
  const given = option("calls");
  if (given === undefined) return [...usual];
  const steps = given.split(",").map(Number);
  if (steps.every((calls) => Number.isInteger(calls) && calls >= 1 && calls <= MAX_CALLS)) {
    return steps.toSorted((a, b) => a - b);
  }
  throw new Error(
    `--calls takes whole numbers from 1 to ${MAX_CALLS} with commas between them, not "${given}".`,
  );
}

/** For how long the bot's Node is to hold Gemini's messages. @throws Error with a sentence for the user */
export function plantedMs({ option }: Pick<BenchOptions, "option">): number {
  const given = option("plant");
  if (given === undefined) return 0;
  const ms = Number(given);
  if (Number.isInteger(ms) && ms >= 0 && ms <= MAX_PLANTED_MS) return ms;
  throw new Error(`--plant takes whole milliseconds up to ${MAX_PLANTED_MS}, not "${given}".`);
}

/** What a reader of the table has to know of a planted delay. */
export function plantedNotes(ms: number): string[] {
  return ms === 0 ? [] : [`PLANTED: the bot's Node holds each message to and from Gemini for ${ms} ms.`];
}
