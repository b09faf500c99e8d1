/** Of a row of samples. */
export interface Summary {
  n: number;
  min: number;
  median: number;
  /** The value that 99 of 100 samples do not exceed; with fewer than 100 samples that is the largest one. */
  p99: number;
  max: number;
}

/** @throws Error when there is no sample, or one is not a number */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error("There is no sample to summarize");
  if (!samples.every(Number.isFinite)) throw new Error(`A sample is not a number: ${samples.join(", ")}`);
  return { n: sorted.length, min, median: median(samples), p99: nearestRank(sorted, 0.99), max };
}

/** Of an even number of samples it is the middle between the two in the middle. NaN when there is none. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The smallest sample that at least this share (0 to 1) of all samples does not exceed. NaN when there is none. */
export function percentile(samples: readonly number[], share: number): number {
  return nearestRank(
    samples.toSorted((a, b) => a - b),
    share,
  );
}

function nearestRank(sorted: readonly number[], share: number): number {
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(sorted.length * share)));
  return sorted[rank - 1] ?? Number.NaN;
}

/** How often the floor's median fits into ours. `undefined` where there is no floor, or it is 0. */
export function ratioOfMedians(ours: Summary, floor: Summary | undefined): number | undefined {
  return floor === undefined || floor.median === 0 ? undefined : ours.median / floor.median;
}

/**
 * How far apart two figures are, as a share of the smaller one: 0.15 where one is 15 % above the other.
 * Infinite when only one of them is 0, or when they have different signs.
 */
export function spread(a: number, b: number): number {
  if (a === b) return 0;
  if (a === 0 || b === 0 || a > 0 !== b > 0) return Number.POSITIVE_INFINITY;
  const [less, more] = [Math.min(Math.abs(a), Math.abs(b)), Math.max(Math.abs(a), Math.abs(b))];
  return more / less - 1;
}
