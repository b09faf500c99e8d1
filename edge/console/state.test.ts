import { describe, expect, it } from "vitest";
import type { ClientConfig } from "../../protocol/session.ts";
import { canConnect, canHangUp, type Event, INITIAL_STATE, next, type State } from "./state.ts";
import { lineText } from "./transcript-lines.ts";
import { stateWord } from "./words.ts";

const config: ClientConfig = {
  emulated: { daily: true, gemini: true },
  languages: [
    { tag: "en-US", name: "English (US)" },
    { tag: "de-DE", name: "Deutsch" },
  ],
  auth: "none",
  defaultLanguage: "en-US",
};
const loaded: Event = { type: "loaded", config, language: "en-US" };
const toLive: Event[] = [
  loaded,
  { type: "connect-pressed" },
  { type: "microphone-ready" },
  { type: "session-started", sessionId: "s1" },
  { type: "bot-ready" },
];
const ended: Event = { type: "ended", end: { by: "user" } };

function resultOf(...events: Event[]): State {
  return events.reduce(next, INITIAL_STATE);
}

function callAfter(...events: Event[]) {
  const state = resultOf(...events);
  if (state.phase !== "open") throw new Error(`not open but ${state.phase}`);
  return state.call;
}

describe("a call's life", () => {
  it("goes from loading over idle to a live call and to its end", () => {
    const words = [...toLive, ended].map((_, index, all) => stateWord(resultOf(...all.slice(0, index + 1))));
    expect(words).toEqual(["idle", "starting", "starting", "connecting", "ready", "ended"]);
  });

  it("says who is speaking, and listens when nobody is", () => {
    const speech: Event[] = [
      { type: "bot-started-speaking" },
      { type: "user-started-speaking" },
      { type: "bot-stopped-speaking" },
      { type: "user-stopped-speaking" },
    ];
    const seen = speech.map((_, index) => {
      const state = resultOf(...toLive, ...speech.slice(0, index + 1));
      const call = state.phase === "open" ? state.call : undefined;
      return [call?.phase === "live" && call.speaker, stateWord(state)];
    });
    expect(seen).toEqual([
      ["assistant", "speaking"],
      ["both", "speaking"],
      ["user", "listening"],
      ["nobody", "listening"],
    ]);
  });

  it("stays with the speaker when a stop comes without its start", () => {
    const call = callAfter(...toLive, { type: "bot-started-speaking" }, { type: "user-stopped-speaking" });
    expect(call).toMatchObject({ speaker: "assistant" });
  });

  it("keeps the conversation through repeated bot-ready messages", () => {
    const before = resultOf(...toLive, { type: "user-said", text: "Hello" });
    expect(next(before, { type: "bot-ready" })).toBe(before);
  });

  it("keeps the conversation and the session when it ends, and asks for the outcome", () => {
    const call = callAfter(...toLive, { type: "user-said", text: "Bye" }, ended);
    expect(call).toMatchObject({ phase: "ended", session: { id: "s1", outcome: { kind: "asking" } } });
    expect(call.phase === "ended" && call.transcript.lines.map(lineText)).toEqual(["Bye"]);
  });

  it("has no session to show when it ends before there was one", () => {
    const call = callAfter(loaded, { type: "connect-pressed" }, ended);
    expect(call.phase === "ended" && call.session).toBeUndefined();
  });

  it("keeps the first end", () => {
    const failed: Event = { type: "ended", end: { by: "failure", failure: { kind: "ready-timeout" } } };
    expect(callAfter(...toLive, failed, ended)).toMatchObject({ end: { by: "failure" } });
  });

  it("begins a new conversation empty", () => {
    const call = callAfter(...toLive, { type: "user-said", text: "Hello" }, ended, ...toLive.slice(1));
    expect(call).toMatchObject({ phase: "live", speaker: "nobody-yet", transcript: { lines: [] } });
  });

  it("shows the outcome of the ended session and of no other", () => {
    const outcome = { kind: "known", state: "completed", reason: "stopped" } as const;
    const state = resultOf(...toLive, ended);
    expect(next(state, { type: "outcome", sessionId: "s0", outcome })).toBe(state);
    expect(next(state, { type: "outcome", sessionId: "s1", outcome })).toMatchObject({
      call: { session: { id: "s1", outcome } },
    });
    const calling = resultOf(...toLive, ended, { type: "connect-pressed" });
    expect(next(calling, { type: "outcome", sessionId: "s1", outcome })).toBe(calling);
  });
});

describe("notices", () => {
  it("carries one that came before the assistant was ready into the call", () => {
    const blocked: Event = { type: "notice", notice: { kind: "sound-blocked" } };
    expect(callAfter(...toLive.slice(0, 4), blocked, { type: "bot-ready" })).toMatchObject({
      phase: "live",
      notices: [{ kind: "sound-blocked" }],
    });
  });

  const notice = (kind: "network" | "offline" | "microphone"): Event => ({
    type: "notice",
    notice: { kind },
  });
  const over = (kind: "network" | "offline" | "sound-blocked"): Event => ({ type: "notice-over", kind });
  const kindsAfter = (...events: Event[]) => {
    const call = callAfter(...toLive, ...events);
    return call.phase === "live" && call.notices.map(({ kind }) => kind);
  };

  it("takes away only the one whose cause is over", () => {
    const state = resultOf(...toLive, notice("microphone"));
    expect(next(state, over("sound-blocked"))).toBe(state);
    expect(kindsAfter(notice("microphone"), notice("network"), over("network"))).toEqual([
      "microphone",
      "network-back",
    ]);
  });

  it("says that the network is back only once both the device and Daily have it, until the next word", () => {
    expect(kindsAfter(notice("offline"), notice("network"), over("offline"))).toEqual(["network"]);
    const back = [notice("offline"), notice("network"), over("offline"), over("network")];
    expect(kindsAfter(...back)).toEqual(["network-back"]);
    expect(kindsAfter(...back, { type: "bot-started-speaking" })).toEqual([]);
    expect(kindsAfter(...back, notice("network"))).toEqual(["network"]);
  });

  it("takes an error of the assistant's away once it speaks again, and not when only the user does", () => {
    const error: Event = { type: "notice", notice: { kind: "assistant-error", detail: "slow" } };
    expect(kindsAfter(error, { type: "user-started-speaking" })).toEqual(["assistant-error"]);
    expect(kindsAfter(error, { type: "bot-started-speaking" })).toEqual([]);
  });

  it("holds one of each kind", () => {
    expect(kindsAfter(notice("network"), notice("microphone"), notice("network"))).toEqual([
      "microphone",
      "network",
    ]);
  });
});

describe("loading", () => {
  const failed: Event = { type: "load-failed", failure: { kind: "unreachable" } };

  it("can be tried again after a failure", () => {
    expect(resultOf(failed).phase).toBe("unavailable");
    expect(stateWord(resultOf(failed, { type: "loading" }, loaded))).toBe("idle");
  });
});

it("lets the language change between calls only", () => {
  const german: Event = { type: "language-chosen", language: "de-DE" };
  expect(resultOf(loaded, german)).toMatchObject({ language: "de-DE" });
  expect(resultOf(...toLive, german)).toMatchObject({ language: "en-US" });
  expect(resultOf(...toLive, ended, german)).toMatchObject({ language: "de-DE" });
});

it("offers Connect or Hang up, never both, and neither while there is nothing to call", () => {
  const offers = (state: State) => [canConnect(state), canHangUp(state)];
  expect(offers(INITIAL_STATE)).toEqual([false, false]);
  expect(offers(resultOf(loaded))).toEqual([true, false]);
  expect(offers(resultOf(loaded, { type: "connect-pressed" }))).toEqual([false, true]);
  expect(offers(resultOf(...toLive))).toEqual([false, true]);
  expect(offers(resultOf(...toLive, ended))).toEqual([true, false]);
});

it("ignores a call's events where there is no call", () => {
  for (const state of [INITIAL_STATE, resultOf(loaded), resultOf(...toLive, ended)]) {
    expect(next(state, { type: "bot-started-speaking" })).toBe(state);
    expect(next(state, { type: "session-started", sessionId: "late" })).toBe(state);
  }
});
