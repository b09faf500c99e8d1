import { describe, expect, it } from "vitest";
import { SpokenText } from "./spoken-text.ts";

/** 40 words of 5 characters with their space: 200 characters, 16 s of audio at 12.5 characters a second. */
const WORDS = Array.from({ length: 40 }, (_, i) => `w${String(i).padStart(3, "0")} `);
const WORD_MS = 400;
const TEXT = WORDS.join("");

const wordsHeard = (text: SpokenText, playedMs: number) =>
  text.heard(playedMs).spoken.split(/\s+/).filter(Boolean).length;

/** Each word comes when the audio is `leadMs` before its place. */
function spokenWith(leadMs: number): SpokenText {
  const text = new SpokenText();
  const arrivals = WORDS.map((word, i) => ({ word, ms: Math.max(0, i * WORD_MS - leadMs) }));
  for (let ms = 0; ms < WORDS.length * WORD_MS; ms += 40) {
    while (arrivals[0] && arrivals[0].ms <= ms) text.addText(arrivals.shift()?.word ?? "");
    text.addAudio(40);
  }
  for (const { word } of arrivals) text.addText(word);
  text.complete();
  return text;
}

describe("SpokenText", () => {
  it("has nothing to say before the first sound, and all after the last", () => {
    const text = spokenWith(0);
    expect(text.heard(0)).toEqual({ spoken: "", remaining: TEXT });
    expect(text.heard(text.audioMs)).toEqual({ spoken: TEXT, remaining: "" });
  });

  it.each([
    ["with their audio", 0],
    ["a second ahead of it", 1_000],
    ["a second behind it", -1_000],
    ["all at the beginning", Number.POSITIVE_INFINITY],
    ["all at the end", Number.NEGATIVE_INFINITY],
  ])("places words that came %s within 1.2 s of where they are spoken", (_how, leadMs) => {
    for (let played = 0; played <= WORDS.length * WORD_MS; played += 200) {
      const off = wordsHeard(spokenWith(leadMs), played) - played / WORD_MS;
      expect(Math.abs(off), `at ${played} ms`).toBeLessThanOrEqual(3.5);
    }
  });

  it("follows a pause in the middle of an answer better than an even share would", () => {
    const text = new SpokenText();
    for (const word of WORDS.slice(0, 20)) {
      text.addText(word);
      text.addAudio(WORD_MS);
    }
    text.addAudio(4_000);
    for (const word of WORDS.slice(20)) {
      text.addText(word);
      text.addAudio(WORD_MS);
    }
    text.complete();
    // An even share has 16 of them at this moment.
    expect(wordsHeard(text, 8_000)).toBeGreaterThanOrEqual(18);
    expect(wordsHeard(text, 8_000)).toBeLessThanOrEqual(20);
  });

  it("cuts at the end of a word that was heard whole, spaces and signs as they came", () => {
    const text = new SpokenText();
    text.addText("Well, certainly!  We can");
    text.addAudio(2_400);
    text.complete();
    expect(text.heard(1_000)).toEqual({ spoken: "Well,", remaining: " certainly!  We can" });
    expect(text.heard(1_650)).toEqual({ spoken: "Well, certainly!", remaining: "  We can" });
  });

  it("takes words that ran far ahead of their audio for not heard yet, though the audio at hand was played", () => {
    const text = new SpokenText();
    text.addText(TEXT);
    text.addAudio(2_000);
    expect(wordsHeard(text, 2_000)).toBeGreaterThanOrEqual(4);
    expect(wordsHeard(text, 2_000)).toBeLessThanOrEqual(6);
  });

  it("never takes back what was heard, whatever comes later", () => {
    const text = new SpokenText();
    text.addText("one two three ");
    text.addAudio(1_000);
    const before = text.heard(1_000).spoken;
    expect(before).toBe("one two three ");
    text.addText("four five six seven eight nine ten eleven twelve thirteen");
    expect(text.heard(1_000).spoken).toBe(before);
    text.addAudio(9_000);
    expect(text.heard(200).spoken).toBe(before);
  });

  it("loses no character between the two parts, at any moment", () => {
    const text = spokenWith(700);
    for (let played = 0; played < 20_000; played += 37) {
      const { spoken, remaining } = text.heard(played);
      expect(spoken + remaining).toBe(TEXT);
    }
  });

  it("has no words where there were none, nor any heard where there was no audio", () => {
    const mute = new SpokenText();
    mute.addAudio(500);
    mute.complete();
    expect(mute.heard(500)).toEqual({ spoken: "", remaining: "" });
    const silent = new SpokenText();
    silent.addText("Read only.");
    silent.complete();
    expect(silent.heard(0)).toEqual({ spoken: "", remaining: "Read only." });
  });
});
