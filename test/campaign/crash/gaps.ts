/** Of what was heard, in steps of 10 ms. */
export const STEP_MS = 10;
/** Softer than this is silence: the tone that is played is ten times as loud. */
export const HEARD_LEVEL = 0.02;

/** The longest silence in milliseconds, and where it begins. A silence at the end counts as far as it goes. */
export function longestGap(levels: readonly number[]): { ms: number; at: number } {
  let longest = { ms: 0, at: 0 };
  let silent = 0;
  for (const [index, level] of levels.entries()) {
    silent = level < HEARD_LEVEL ? silent + 1 : 0;
    if (silent * STEP_MS > longest.ms) longest = { ms: silent * STEP_MS, at: index - silent + 1 };
  }
  return longest;
}

/** How much of it was heard. */
export function heardMs(levels: readonly number[]): number {
  return levels.filter((level) => level >= HEARD_LEVEL).length * STEP_MS;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
