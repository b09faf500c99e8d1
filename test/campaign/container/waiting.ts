/** Waiting with a bound, until something is so. */
import { setTimeout as sleep } from "node:timers/promises";

/** For what a healthy machine does in a fraction of a second. */
export const SOON_MS = 15_000;
const POLL_MS = 100;

export interface Patience {
  timeoutMs?: number;
  signal: AbortSignal;
}

/** Whether it becomes true in time. @throws Error when it is aborted */
export async function becomes(
  condition: () => unknown,
  { timeoutMs = SOON_MS, signal }: Patience,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** What the promise resolves with. @throws Error when it is not settled in time, or is aborted */
export async function settled<T>(
  what: string,
  promise: Promise<T>,
  { timeoutMs = SOON_MS, signal }: Patience,
): Promise<T> {
  const over = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(() => {
    throw new Error(`It took more than ${timeoutMs / 1000} s until ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}
