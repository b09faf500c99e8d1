import { expect, it } from "vitest";
import { sideNotes } from "./emulation.ts";
import type { State } from "./state.ts";
import { EMPTY_TRANSCRIPT } from "./transcript-lines.ts";
import { duration, meterValue, outcomeLine, shortMs, stateLine } from "./words.ts";

it("says what is emulated, what that means, and which key changes it", () => {
  const notes = (daily: boolean, gemini: boolean) =>
    sideNotes({ emulated: { daily, gemini } }).map(({ meaning }) => meaning);
  expect(notes(true, false)[0]).toContain("DAILY_API_KEY");
  expect(notes(false, true)[1]).toMatch(/repeats what you say.*GOOGLE_API_KEY/);
  expect(notes(false, false).join()).not.toContain("KEY");
});

it("says what became of a session", () => {
  expect(outcomeLine({ kind: "known", state: "completed", reason: "stopped", durationMs: 65_400 })).toBe(
    "completed: it was stopped (stopped), after 1 min 05 s",
  );
  expect(outcomeLine({ kind: "known", state: "active" })).toBe("active");
  expect(outcomeLine({ kind: "unknown", failure: { kind: "unreachable" } })).toContain("could not say");
});

it("asks for the microphone while it waits for it", () => {
  const config = {
    emulated: { daily: true, gemini: true },
    auth: "none" as const,
    languages: [],
    defaultLanguage: "en-US" as const,
  };
  const starting = (step: "microphone" | "session") =>
    stateLine({ phase: "open", config, language: "en-US", call: { phase: "starting", step } });
  expect(starting("microphone")).toContain("microphone");
  expect(starting("session")).not.toContain("microphone");
});

it.each([
  [0, "0 s"],
  [59_499, "59 s"],
  [59_500, "1 min 00 s"],
  [3_600_000, "60 min 00 s"],
])("writes %d ms as %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

it.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [1_000, "1 s"],
  [1_254, "1.25 s"],
  [12_340, "12.3 s"],
  [65_000, "1 min 05 s"],
])("writes %d ms shortly as %s", (ms, text) => {
  expect(shortMs(ms)).toBe(text);
});

it("says that the microphone is closed as long as push to talk keeps it so", () => {
  const config = {
    emulated: { daily: true, gemini: true },
    auth: "none" as const,
    languages: [],
    defaultLanguage: "en-US" as const,
  };
  const state = (speaker: "nobody" | "assistant"): State => ({
    phase: "open",
    config,
    language: "en-US",
    call: { phase: "live", sessionId: "s1", speaker, transcript: EMPTY_TRANSCRIPT, notices: [] },
  });
  const muted = { mode: "push", talking: "no", pressedAtMs: 0 } as const;
  expect(stateLine(state("nobody"), muted)).toContain("hold to talk");
  expect(stateLine(state("nobody"), { ...muted, talking: "held" })).toBe("Listening");
  expect(stateLine(state("assistant"), muted)).toBe("The assistant is speaking");
});

it("keeps a meter within its bounds, whatever is measured", () => {
  expect([-1, 0, 0.25, 1, 7, Number.NaN].map(meterValue)).toEqual([0, 0, 0.5, 1, 1, 0]);
});
