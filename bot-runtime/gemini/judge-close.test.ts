import { expect, it } from "vitest";
import { judgeClose, type Verdict } from "./judge-close.ts";

const retry = (why: string): Verdict => ({ kind: "retry", why });
const withoutHandle = (why: string, otherwise: "give-up" | "retry"): Verdict => ({
  kind: "without-handle",
  why,
  otherwise,
});

const MID_CALL: [code: number, reason: string, verdict: Verdict][] = [
  [1000, "The operation was cancelled.", retry("1000")],
  [1001, "", retry("1001")],
  [1005, "", retry("1005")],
  [1006, "", retry("1006")],
  [1007, "Request contains an invalid argument.", withoutHandle("invalid", "retry")],
  [1008, "The operation was aborted", withoutHandle("refused", "retry")],
  [1008, "Operation is not implemented, or supported, or enabled.", withoutHandle("refused", "retry")],
  [1009, "", retry("1009")],
  [1011, "Internal error encountered.", retry("1011")],
  [1011, "The service is currently unavailable.", retry("1011")],
  [1011, "Deadline expired before operation could complete.", retry("1011")],
  [1011, "RESOURCE_EXHAUSTED: OVERLOADED_TOO_MANY_RETRIES_PER_REQUEST", retry("overloaded")],
  [1011, "You exceeded your current quota, please check", { kind: "wait", why: "quota" }],
  [1013, "", retry("1013")],
];

it.each(MID_CALL)("a connection that ended with %d %j", (code, reason, verdict) => {
  expect(judgeClose({ kind: "ended", end: { kind: "closed", code, reason } })).toEqual(verdict);
});

// Which code a wrong key has is not documented: the words count.
const SETUP: [code: number, reason: string, verdict: Verdict][] = [
  [1007, "API key not valid. Please pass a valid API key.", { kind: "give-up", why: "bad-key" }],
  [1008, "API key not valid. Please pass a valid API key.", { kind: "give-up", why: "bad-key" }],
  [1008, "Method doesn't allow unregistered callers (callers", { kind: "give-up", why: "bad-key" }],
  [
    1008,
    "models/x is not found for API version v1alpha, or is not supported for bidiGenerateContent",
    { kind: "give-up", why: "unknown-model" },
  ],
  [1008, "BidiGenerateContent session not found", withoutHandle("unknown-handle", "retry")],
  [
    1007,
    "Invalid JSON payload received. Unknown name \"x\" at 'setup': Cannot find field.",
    withoutHandle("invalid", "give-up"),
  ],
  [1011, "Internal error encountered.", retry("1011")],
];

it.each(SETUP)("a setup that was answered with %d %j", (code, reason, verdict) => {
  expect(judgeClose({ kind: "not-connected", failure: { kind: "closed", code, reason } })).toEqual(verdict);
});

const STATUSES: [status: number, verdict: Verdict][] = [
  [400, withoutHandle("invalid", "give-up")],
  [401, { kind: "give-up", why: "bad-key" }],
  [403, { kind: "give-up", why: "bad-key" }],
  [404, { kind: "give-up", why: "bad-setup" }],
  [429, { kind: "wait", why: "quota" }],
  [500, retry("status 500")],
  [503, retry("status 503")],
];

it.each(STATUSES)("a handshake that was answered with %d", (status, verdict) => {
  expect(judgeClose({ kind: "not-connected", failure: { kind: "status", status } })).toEqual(verdict);
});

it("a peer that is dead, or does not answer", () => {
  expect(judgeClose({ kind: "silent" })).toEqual(retry("silent"));
  expect(judgeClose({ kind: "ended", end: { kind: "stalled", bufferedBytes: 1 } })).toEqual(retry("stalled"));
  expect(judgeClose({ kind: "not-connected", failure: { kind: "deadline" } })).toEqual(retry("deadline"));
  expect(judgeClose({ kind: "not-connected", failure: { kind: "other" } })).toEqual(retry("other"));
});
