import { expect, it } from "vitest";
import { rulesOf } from "./model-rules.ts";

it.each([
  ["gemini-3.8-live", "content", 3_480_000],
  ["gemini-3.8-live-extended-thinking", "content", 3_480_000],
  ["gemini-9-live", "content", 3_480_000],
  ["gemini-3.1-flash-live-preview", "initial-history", 600_000],
  ["gemini-2.5-flash-native-audio-latest", "answered-content", 600_000],
  ["gemini-live-2.5-flash-native-audio", "answered-content", 600_000],
])("%s is told its history as %s", (model, seed, connectionMs) => {
  expect(rulesOf(model)).toMatchObject({ seed, connectionMs });
  expect(rulesOf(model, { vertex: true })).toMatchObject({ seed, connectionMs: 600_000 });
});
