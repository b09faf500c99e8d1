/** First wait before a retry. Short: a caller is waiting, and Daily counts its limit per second. */
const BASE_MS = 200;
const CAP_MS = 2_000;

/**
 * How long to wait after the given number of tries: exponential with half of it random, so that callers who
 * were refused together do not come back together.
 */
export function backoffMs(tries: number, random: () => number = Math.random): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** (tries - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}
