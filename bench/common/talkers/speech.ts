import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { resample } from "../../../emulators/gemini/core/resampler.ts";
import { ROOT } from "../../../scripts/steps.ts";
import { readWav } from "../../../test/support/audio.ts";

/** Everybody speaks for so long, then is silent for as long: half of the time, as in a conversation. */
export const SPURT_MS = 2_000;
/** From the beginning of one spurt to that of the next. */
export const CYCLE_MS = 2 * SPURT_MS;

export interface Tape {
  sampleRate: number;
  samples: Int16Array;
}

const RECORDING = join(ROOT, "test/e2e/recordings/question.wav");

/**
 * As many whole spurts as the recording of a speaker gives, each from another place of it.
 * @throws RangeError when it is shorter than one
 */
export async function speechSpurts(): Promise<Tape[]> {
  const { sampleRate, samples } = readWav(await readFile(RECORDING));
  const length = (sampleRate * SPURT_MS) / 1000;
  const spurts: Tape[] = [];
  for (let from = 0; from + length <= samples.length; from += length) {
    const spurt = samples.subarray(from, from + length);
    spurts.push({ sampleRate, samples: Int16Array.from(spurt, (sample) => Math.round(sample * 32_767)) });
  }
  if (spurts.length === 0) throw new RangeError(`${RECORDING} is shorter than ${SPURT_MS} ms`);
  return spurts;
}

/** To be played over and over: each spurt with its silence behind it. */
export function loopOf(spurts: readonly Tape[]): Tape {
  const [first] = spurts;
  if (!first) throw new RangeError("There is no spurt");
  const cycle = (first.sampleRate * CYCLE_MS) / 1000;
  const samples = new Int16Array(cycle * spurts.length);
  for (const [index, spurt] of spurts.entries()) samples.set(spurt.samples, index * cycle);
  return { sampleRate: first.sampleRate, samples };
}

export function atRate({ sampleRate, samples }: Tape, wanted: number): Tape {
  return { sampleRate: wanted, samples: resample(samples, sampleRate, wanted) };
}

/** How long until somebody with this phase has so much of a cycle behind them. Epoch milliseconds decide. */
export function msUntil(placeMs: number, { phaseMs, nowMs }: { phaseMs: number; nowMs: number }): number {
  const into = (((nowMs + phaseMs - placeMs) % CYCLE_MS) + CYCLE_MS) % CYCLE_MS;
  return into === 0 ? 0 : CYCLE_MS - into;
}

/** Calls begin their cycles one after the other, evenly, so that at any time half of them are spoken in. */
export function phaseOf(call: number, calls: number): number {
  return Math.round((call * CYCLE_MS) / calls);
}
