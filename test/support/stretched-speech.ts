/**
 * Speech that is known again though a jitter buffer has stretched it. On a machine that is short of CPU packets come in
 * bunches, and the receiver plays what it has more slowly: no word is lost, but the end is some 200 ms late.
 */

/** Of an envelope: 0.4 s, within which speech is as good as not stretched. */
const SEGMENT_STEPS = 40;
/** How far one segment may be off its place behind the one before: a fifth of its length, either way. */
const MAX_SHIFT_STEPS = 8;

/**
 * How much of `pattern` is in `heard` (both energy envelopes), in its order and at nearly its own speed: the mean of
 * Pearson's r over its segments, each at the place where they fit best together.
 */
export function bestStretchedMatch(pattern: Float32Array, heard: Float32Array): number {
  const segments = segmentsOf(pattern);
  const lags = heard.length - pattern.length + MAX_SHIFT_STEPS * segments.length;
  if (segments.length === 0 || lags <= 0) return -1;
  // The best sum so far for each lag of the newest segment: all paths at once.
  let best: Float32Array | undefined;
  for (const { from, steps } of segments) {
    const before = best;
    const here = Float32Array.from({ length: lags }, (_, lag) => agreement(steps, heard, from + lag));
    best = before ? here.map((sum, lag) => sum + highest(before, lag)) : here;
  }
  return Math.max(...(best ?? [])) / segments.length;
}

interface Segment {
  from: number;
  steps: Float32Array;
}

/** Whole ones; the last takes what is left over. */
function segmentsOf(pattern: Float32Array): Segment[] {
  const count = Math.floor(pattern.length / SEGMENT_STEPS);
  return Array.from({ length: count }, (_, index) => {
    const from = index * SEGMENT_STEPS;
    return { from, steps: pattern.subarray(from, index === count - 1 ? undefined : from + SEGMENT_STEPS) };
  });
}

function highest(sums: Float32Array, lag: number): number {
  const near = sums.subarray(Math.max(0, lag - MAX_SHIFT_STEPS), lag + MAX_SHIFT_STEPS + 1);
  return Math.max(...near);
}

function agreement(steps: Float32Array, heard: Float32Array, at: number): number {
  const there = heard.subarray(at, at + steps.length);
  return there.length === steps.length ? pearson(steps, there) : -1;
}

function pearson(a: Float32Array, b: Float32Array): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let index = 0; index < a.length; index += 1) {
    const da = (a[index] ?? 0) - meanA;
    const db = (b[index] ?? 0) - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
