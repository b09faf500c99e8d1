import { expect, it } from "vitest";
import { isAudible } from "./level.ts";

const noise = (level: number, length: number) =>
  Int16Array.from({ length }, (_, i) => Math.round(level * 32_767 * Math.sin(i)));

it("hears speech and a word in a long silence, and neither silence nor the rustle of a converter", () => {
  expect(isAudible(noise(0.1, 4_800))).toBe(true);
  const word = new Int16Array(48_000);
  word.set(noise(0.05, 4_800), 30_000);
  expect(isAudible(word)).toBe(true);
  expect(isAudible(new Int16Array(48_000))).toBe(false);
  expect(isAudible(noise(0.000_5, 48_000))).toBe(false);
  expect(isAudible(new Int16Array(0))).toBe(false);
});
