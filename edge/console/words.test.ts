import { expect, it } from "vitest";
import { duration, emulatedLine, meterValue, outcomeLine, stateLine } from "./words.ts";

it("says what is emulated", () => {
  const line = (daily: boolean, gemini: boolean) =>
    emulatedLine({ emulated: { daily, gemini }, languages: [], defaultLanguage: "en-US" });
  expect(line(true, true)).toBe("Daily: emulated · Gemini: emulated, a demo voice that repeats you");
  expect(line(false, false)).toBe("Daily: real · Gemini: real");
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

it("keeps a meter within its bounds, whatever is measured", () => {
  expect([-1, 0, 0.25, 1, 7, Number.NaN].map(meterValue)).toEqual([0, 0, 0.5, 1, 1, 0]);
});
