import type { StartOutcome } from "../session/start.ts";

/** A failed start says something of the present only for so long. */
const FRESH_MS = 60_000;

type Upstream = "daily" | "botHosts";

/** When an upstream last failed a start, in this isolate. Costs no call, which is what makes `/health` cheap. */
const lastFailureAt = new Map<Upstream, number>();

/** Notes how the upstreams did at a start. A start that went well clears both; one that was only asked for again says nothing. */
export function rememberStart(outcome: StartOutcome): void {
  if (outcome.ok) {
    if (outcome.begun) lastFailureAt.clear();
    return;
  }
  if (outcome.code === "daily_failed") lastFailureAt.set("daily", Date.now());
  else if (outcome.code === "no_capacity") lastFailureAt.set("botHosts", Date.now());
}

/** Whether the newest start that this isolate knows of, within a minute, failed for this upstream. */
export function failedLately(upstream: Upstream): boolean {
  const at = lastFailureAt.get(upstream);
  return at !== undefined && Date.now() - at < FRESH_MS;
}
