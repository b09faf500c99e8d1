import { setTimeout as sleep } from "node:timers/promises";

const PROBE_TIMEOUT_MS = 2_000;
const POLL_MS = 50;

/** Resolves with true once `url` answers 2xx, with false when `signal` is aborted before. */
export async function untilOk(url: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    const answer = await fetch(url, { signal: timeout }).catch(() => undefined);
    await answer?.body?.cancel().catch(() => undefined);
    if (answer?.ok) return true;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
