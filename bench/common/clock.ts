/**
 * Epoch milliseconds with their fractions, in Node and in pages alike: all processes of one machine have one clock.
 * Of pages a tenth of a millisecond can be trusted, since browsers round.
 */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
