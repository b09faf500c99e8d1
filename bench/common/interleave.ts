import type { BenchOptions } from "./bench.ts";

export interface Interleaved<Name extends string> {
  rounds: number;
  /**
   * What is measured in each round, by name. One value for each sample: several where a measurement has several.
   * A signal that is aborted is to end it.
   */
  measurements: Readonly<Record<Name, (round: number) => Promise<number | readonly number[]>>>;
  options: Pick<BenchOptions, "progress" | "signal">;
}

/**
 * Measures in rounds, forwards and backwards in turns, so that whatever a machine does over the minutes (other
 * load, heat, a neighbour) befalls all of them alike, and none always follows the same other one.
 */
export async function interleave<Name extends string>({
  rounds,
  measurements,
  options: { progress, signal },
}: Interleaved<Name>): Promise<Record<Name, number[]>> {
  // Object.keys says string[] of every object; these are the names and no others.
  const names = Object.keys(measurements) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      signal.throwIfAborted();
      progress(`round ${round + 1} of ${rounds}: ${name}`);
      samples[name].push(...[await measurements[name](round)].flat());
    }
  }
  return samples;
}
