import { describe, expect, it } from "vitest";
import { fitMessage } from "./fit-message.ts";

const size = (value: unknown) => JSON.stringify(value).length;

/** As `fitMessage`, for messages that can be made to fit. */
function cutTo(message: Record<string, unknown>, maxChars: number) {
  return fitMessage(message, maxChars) ?? expect.fail("It could not be made to fit.");
}

describe("fitMessage", () => {
  it("leaves a message that fits as it is", () => {
    const message = { type: "t", data: { text: "short" } };
    expect(fitMessage(message, size(message))).toEqual({ message, cutChars: 0 });
  });

  it("cuts the text with a mark and says by how much", () => {
    const message = { type: "bot-llm-text", data: { text: "a".repeat(5_000) } };
    const fitted = cutTo(message, 4_096);
    expect(size(fitted.message)).toBeLessThanOrEqual(4_096);
    expect(size(fitted.message)).toBeGreaterThan(4_000);
    const { text } = fitted.message.data as { text: string };
    expect(text).toMatch(/^a+ \[…\]$/);
    expect(fitted.cutChars).toBe(5_000 - (text.length - 4));
  });

  it("does not touch the message it was given", () => {
    const message = { data: { text: "a".repeat(100) } };
    fitMessage(message, 60);
    expect(message.data.text).toHaveLength(100);
  });

  it("cuts each of several long texts, also within lists", () => {
    const message = { data: { text: "a".repeat(3_000), progress: [{ remaining_text: "b".repeat(3_000) }] } };
    const fitted = cutTo(message, 1_000);
    expect(size(fitted.message)).toBeLessThanOrEqual(1_000);
    expect(JSON.stringify(fitted.message)).toContain('"text":"a');
  });

  it("copes with text that JSON escapes, and splits no surrogate pair", () => {
    for (const char of ['"', "\n", "\u0001", "😀"]) {
      const fitted = cutTo({ text: char.repeat(3_000) }, 999);
      expect(size(fitted.message)).toBeLessThanOrEqual(999);
      expect((fitted.message.text as string).isWellFormed()).toBe(true);
    }
  });

  it("gives up where no text makes it long", () => {
    expect(fitMessage({ list: Array.from({ length: 2_000 }, (_, i) => i) }, 1_000)).toBeUndefined();
  });
});
