import { StartBotError } from "@pipecat-ai/client-js";
import { describe, expect, it } from "vitest";
import { EndReason } from "../../protocol/session.ts";
import { explain, explainEnd, explainNotice, REASONS } from "./explain.ts";
import { asFailure, type Failure, FailureError, type MicrophoneFault } from "./failure.ts";
import type { Notice } from "./state.ts";

const FAULTS: MicrophoneFault[] = [
  "blocked",
  "already-in-use",
  "not-found",
  "invalid-constraints",
  "not-supported",
  "unknown",
];
const DAILY_TYPES = [
  ...["ejected", "nbf-room", "nbf-token", "exp-room", "exp-token", "no-room", "meeting-full", "end-of-life"],
  ...["not-allowed", "connection-error", "from-the-future", "constructor", undefined],
];
const STATUSES = [400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 502, 503, 504];

const FAILURES: Failure[] = [
  { kind: "unreachable" },
  { kind: "unexpected-reply" },
  { kind: "start-timeout" },
  { kind: "ready-timeout" },
  { kind: "daily-unloadable" },
  { kind: "assistant", detail: "Gemini closed the session." },
  { kind: "unknown", detail: "?" },
  ...FAULTS.map((reason): Failure => ({ kind: "microphone", reason })),
  ...DAILY_TYPES.map((type): Failure => ({ kind: "daily", type, detail: "" })),
  ...STATUSES.map((status): Failure => ({ kind: "refused", status, detail: "" })),
];

describe("explain", () => {
  it.each(FAILURES)("says what happened and what to do: %o", (failure) => {
    const { title, advice } = explain(failure);
    expect(title).toMatch(/^[A-Z].{8,80}[^.]$/);
    expect(advice).toMatch(/^[A-Z].{8,}\.$/);
  });

  it("shows the service's own sentence", () => {
    expect(explain({ kind: "refused", status: 503, detail: "No bot host accepted." })).toMatchObject({
      title: "The service cannot take a call now",
      detail: "No bot host accepted.",
    });
  });

  it("tells a service that is not configured from one that is full", () => {
    const misconfigured: Failure = { kind: "refused", status: 503, detail: "", code: "misconfigured" };
    expect(explain(misconfigured).title).toBe("The service is not configured");
  });

  it("shows no empty detail", () => {
    expect(explain({ kind: "refused", status: 503, detail: "" })).not.toHaveProperty("detail");
  });

  it("tells a refused microphone from a missing one", () => {
    expect(explain({ kind: "microphone", reason: "blocked" }).advice).toContain("Allow");
    expect(explain({ kind: "microphone", reason: "not-found" }).title).toContain("No microphone");
  });

  it("tells a session that was ended from a network that was lost", () => {
    expect(explain({ kind: "daily", type: "ejected", detail: "" }).title).toBe("The session was ended");
    expect(explain({ kind: "daily", type: "connection-error", detail: "" }).advice).toContain("network");
  });

  it("has words for every notice and every reason", () => {
    const notices: Notice[] = [
      { kind: "network" },
      { kind: "offline" },
      { kind: "network-back" },
      { kind: "sound-blocked" },
      { kind: "microphone" },
      { kind: "assistant-error", detail: "x" },
      { kind: "unreadable", messageType: "bot-output" },
    ];
    for (const notice of notices) expect(explainNotice(notice).advice).not.toBe("");
    expect(Object.keys(REASONS).sort()).toEqual([...EndReason.options].sort());
  });
});

describe("explainEnd", () => {
  const known = (reason: EndReason) => ({ kind: "known", state: "failed", reason }) as const;
  const broken = { by: "failure", failure: { kind: "daily", type: undefined, detail: "gone" } } as const;

  it.each(EndReason.options)("says what %s means and what to do", (reason) => {
    const said = explainEnd({ by: "assistant" }, known(reason));
    expect(said?.title).toMatch(/^[A-Z].{8,80}[^.]$/);
    expect(said?.advice).toMatch(/^[A-Z].{8,}\.$/);
  });

  it("has nothing to say of a call that the user ended, or whose reason nobody told", () => {
    expect(explainEnd({ by: "user" }, known("stopped"))).toBeUndefined();
    expect(explainEnd({ by: "assistant" }, { kind: "asking" })).toBeUndefined();
  });

  it("takes the service's reason before its own guess, and keeps the other side's sentence", () => {
    expect(explainEnd(broken, { kind: "asking" })?.title).toBe("The call broke off");
    expect(explainEnd(broken, known("gemini_failed"))).toMatchObject({
      title: "Gemini failed",
      detail: "gone",
    });
  });

  it("does not take its own stop for a reason", () => {
    expect(explainEnd(broken, known("stopped"))?.title).toBe("The call broke off");
    const refused = { by: "failure", failure: { kind: "microphone", reason: "blocked" } } as const;
    expect(explainEnd(refused, known("never_joined"))?.title).toBe("The microphone was refused");
  });
});

describe("asFailure", () => {
  it("keeps a failure", () => {
    const failure: Failure = { kind: "ready-timeout" };
    expect(asFailure(new FailureError(failure))).toBe(failure);
  });

  it("knows a refusal of the start request, with its status and sentence", () => {
    expect(asFailure(new StartBotError("No bot host accepted.", 503))).toEqual({
      kind: "refused",
      status: 503,
      detail: "No bot host accepted.",
    });
  });

  // client-js gives all of these the status 500.
  it.each([
    ["Failed to fetch", "unreachable"],
    ["Load failed", "unreachable"],
    ["NetworkError when attempting to fetch resource.", "unreachable"],
    ["Timed out", "start-timeout"],
    [`Unexpected token '<', "<!doctype "... is not valid JSON`, "unexpected-reply"],
    ["JSON.parse: unexpected character at line 1 column 1 of the JSON data", "unexpected-reply"],
    ["The string did not match the expected pattern.", "unexpected-reply"],
    ["Something broke on our side. The logs have it.", "refused"],
  ])("knows what %s means", (message, kind) => {
    expect(asFailure(new StartBotError(message)).kind).toBe(kind);
  });

  it("knows an error page, whose reading client-js lets fail", () => {
    expect(asFailure(new SyntaxError("Unexpected token '<'"))).toEqual({ kind: "unexpected-reply" });
  });

  it("passes on what it does not know", () => {
    expect(asFailure(new Error("odd"))).toEqual({ kind: "unknown", detail: "odd" });
    expect(asFailure("odd")).toEqual({ kind: "unknown", detail: "odd" });
  });
});
