import type { ConnectFailure, LiveEnd } from "./live-connect.ts";

/** Why there is no connection: it was not made, it ended, or we gave it up since it was dead. */
export type Loss =
  | { kind: "not-connected"; failure: ConnectFailure }
  | { kind: "ended"; end: LiveEnd }
  | { kind: "silent" };

/** What no further try can change. */
export type FinalReason = "bad-key" | "unknown-model" | "bad-setup" | "quota";

export type Verdict =
  /** At once, the first time; a loss that repeats itself is waited for longer and longer. */
  | { kind: "retry"; why: string }
  /** What we wanted to carry on is gone, or is what is wrong: without the handle. Final where there was none. */
  | { kind: "without-handle"; why: string; otherwise: "give-up" | "retry" }
  /** Too many at a time: only time helps, and not for ever. */
  | { kind: "wait"; why: "quota" }
  | { kind: "give-up"; why: FinalReason };

/**
 * What a loss means. Google tells all its errors by close codes, which mean several things each; it is the words that
 * tell them apart. Sources: the closes collected in googleapis/python-genai#760 and #985, google/adk-python#3964 and
 * #3918, livekit/agents#5985, pipecat-ai/pipecat#3112.
 */
export function judgeClose(loss: Loss): Verdict {
  if (loss.kind === "silent") return { kind: "retry", why: "silent" };
  if (loss.kind === "not-connected") {
    const { failure } = loss;
    if (failure.kind === "closed") return judgeWords(failure, "setup");
    if (failure.kind === "status") return judgeStatus(failure.status);
    return { kind: "retry", why: failure.kind };
  }
  if (loss.end.kind === "stalled") return { kind: "retry", why: "stalled" };
  return judgeWords(loss.end, "live");
}

const BAD_KEY =
  /api key not valid|api key expired|api_key_invalid|unregistered callers|invalid authentication|permission.?denied|auth token has/i;
const UNKNOWN_MODEL = /is not found for api version|not supported for bidigeneratecontent/i;
const OVERLOADED = /overloaded/i;
const QUOTA = /quota|resource_exhausted/i;
const UNKNOWN_HANDLE = /session not found/i;

function judgeWords({ code, reason }: { code: number; reason: string }, when: "setup" | "live"): Verdict {
  if (BAD_KEY.test(reason)) return { kind: "give-up", why: "bad-key" };
  if (UNKNOWN_MODEL.test(reason)) return { kind: "give-up", why: "unknown-model" };
  if (OVERLOADED.test(reason)) return { kind: "retry", why: "overloaded" };
  if (QUOTA.test(reason)) return { kind: "wait", why: "quota" };
  if (UNKNOWN_HANDLE.test(reason))
    return { kind: "without-handle", why: "unknown-handle", otherwise: "retry" };
  switch (code) {
    case 1007:
      // Our words were wrong, or the state that we resumed. A setup that is wrong by itself stays wrong.
      return { kind: "without-handle", why: "invalid", otherwise: when === "setup" ? "give-up" : "retry" };
    case 1008:
      return { kind: "without-handle", why: "refused", otherwise: "retry" };
    default:
      return { kind: "retry", why: String(code) };
  }
}

function judgeStatus(status: number): Verdict {
  if (status === 401 || status === 403) return { kind: "give-up", why: "bad-key" };
  if (status === 404) return { kind: "give-up", why: "bad-setup" };
  if (status === 429) return { kind: "wait", why: "quota" };
  if (status === 400) return { kind: "without-handle", why: "invalid", otherwise: "give-up" };
  return { kind: "retry", why: `status ${status}` };
}
