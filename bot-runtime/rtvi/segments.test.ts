import { describe, expect, it } from "vitest";
import { type Segment, Segments } from "./segments.ts";
import { jsonChars } from "./split-text.ts";

function cut(...fragments: string[]): Segment[] {
  const segments = new Segments();
  return [...fragments.flatMap((fragment) => segments.add(fragment)), ...segments.finish()];
}

const texts = (segments: Segment[]) => segments.map(({ text }) => text);

describe("Segments", () => {
  it("are sentences, and the rest at the end", () => {
    expect(texts(cut("Hello the", "re.  How are", " you? I am"))).toEqual([
      "Hello there.",
      "How are you?",
      "I am",
    ]);
    expect(cut("", "  ")).toEqual([]);
  });

  it("know their place in the whole text, however it came", () => {
    const whole = "One. One.  “Two!”  \n three, four. 3.5 is five. Six";
    for (let size = 1; size < whole.length; size += 1) {
      const fragments = whole.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
      const segments = cut(...fragments);
      expect(segments.map(({ start, end }) => whole.slice(start, end))).toEqual(texts(segments));
      expect(texts(segments).join("").replace(/\s/g, "")).toBe(whole.replace(/\s/g, ""));
    }
  });

  it("are no longer than a message can hold, also where no sentence ends", () => {
    const words = "word ".repeat(3_000);
    for (const segments of [cut(words), cut(`${words}.`), cut(...(words.match(/.{1,7}/g) ?? []))]) {
      expect(Math.max(...segments.map(({ text }) => jsonChars(text)))).toBeLessThanOrEqual(1_800);
      expect(texts(segments).join(" ").replace(/[.]$/, "").trim()).toBe(words.trim());
      for (const { text, start, end } of segments) expect(`${words}.`.slice(start, end)).toBe(text);
    }
  });

  it("do not wait for the end of a sentence that is too long", () => {
    expect(new Segments().add("word ".repeat(500))).toHaveLength(1);
  });
});
