import { describe, expect, it } from "vitest";
import { jsonChars, splitText } from "./split-text.ts";

describe("splitText", () => {
  it.each([
    ["words", "one two three four five ".repeat(40)],
    ["one word", "a".repeat(1_000)],
    ["quotes, which JSON escapes", '"'.repeat(500)],
    ["control characters, which JSON writes with six", "\u0001".repeat(300)],
    ["pairs of surrogates", "😀".repeat(300)],
  ])("loses nothing of %s, and each piece fits", (_what, text) => {
    const pieces = splitText(text, 100);
    expect(pieces.join("")).toBe(text);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) {
      expect(jsonChars(piece)).toBeLessThanOrEqual(100);
      expect(piece.isWellFormed()).toBe(true);
    }
  });

  it("cuts between words", () => {
    expect(splitText("The quick brown fox jumps", 12)).toEqual(["The quick ", "brown fox ", "jumps"]);
  });

  it("leaves alone what fits, also nothing", () => {
    expect(splitText("short", 5)).toEqual(["short"]);
    expect(splitText("", 5)).toEqual([""]);
  });
});
