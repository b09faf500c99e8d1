import { describe, expect, test } from "vitest";
import { LANGUAGE_TAGS } from "../../../protocol/languages.ts";
import { loadClips } from "../clips/clips.ts";
import { speechLike, whiteNoise } from "../test-support/signals.ts";
import { AnswerKind, normalise, renderAnswer } from "./answer.ts";
import { bytesOf, concat, durationMs, OUTPUT_RATE_HZ } from "./pcm.ts";

const clips = loadClips();

function rmsDb(pcm: Int16Array): number {
  return 10 * Math.log10(pcm.reduce((sum, sample) => sum + (sample / 32_768) ** 2, 0) / pcm.length);
}

describe("the clips", () => {
  test.each(LANGUAGE_TAGS)("of %s are there, audible, and short", (language) => {
    const { greeting, leadIn } = clips[language];
    for (const { pcm, text } of [greeting, leadIn]) {
      expect(text).not.toBe("");
      expect(rmsDb(pcm)).toBeGreaterThan(-28);
      expect(rmsDb(pcm)).toBeLessThan(-14);
    }
    expect(durationMs(greeting.pcm.length, OUTPUT_RATE_HZ)).toBeLessThan(4_500);
    expect(durationMs(leadIn.pcm.length, OUTPUT_RATE_HZ)).toBeLessThan(1_500);
  });

  test("describe speech as people of the language write numbers", () => {
    expect(clips["en-US"].describeSpeech(2_430)).toBe("(2.4 s of speech)");
    expect(clips["de-DE"].describeSpeech(2_000)).toBe("(2,0 s Sprache)");
  });
});

describe("the demo voice", () => {
  test("answers a text with its greeting", () => {
    expect(renderAnswer({ kind: "demo" }, { kind: "text" }, clips["it-IT"])).toEqual([
      clips["it-IT"].greeting,
    ]);
  });

  test("answers speech with the speech, and puts no words into anybody's mouth", () => {
    const pcm = speechLike({ ms: 1000 });
    const cause = { kind: "speech", utterance: { pcm, speechMs: 1000 } } as const;
    const segments = renderAnswer({ kind: "demo" }, cause, clips["en-US"]);
    expect(segments.map(({ text }) => text).filter(Boolean)).toEqual(["You said:"]);
    const { length } = concat(segments.map((segment) => segment.pcm));
    expect(length).toBe(clips["en-US"].leadIn.pcm.length + 0.15 * 24_000 + 24_000);
  });
});

describe("normalise", () => {
  test.each([-40, -30, -24])("brings speech at %d dBFS near -18", (levelDb) => {
    const voiced = rmsDb(normalise(speechLike({ ms: 2000, levelDb })));
    expect(voiced).toBeGreaterThan(-22);
    expect(voiced).toBeLessThan(-17);
  });

  test("makes what is too loud quieter", () => {
    expect(rmsDb(normalise(whiteNoise({ ms: 500, levelDb: -8 })))).toBeCloseTo(-18, 0);
  });

  test("does not clip a peak", () => {
    const pcm = whiteNoise({ ms: 500, levelDb: -50 });
    pcm[4000] = 30_000;
    expect(Math.max(...normalise(pcm))).toBeLessThanOrEqual(0.9 * 32_768 + 1);
  });

  test("does not raise a silent room by more than 24 dB, and leaves digital silence alone", () => {
    expect(rmsDb(normalise(whiteNoise({ ms: 500, levelDb: -70 })))).toBeLessThan(-45);
    expect(normalise(new Int16Array(1600))).toEqual(new Int16Array(1600));
  });
});

describe("ordered answers", () => {
  test("a tone has its length and level, and begins and ends in silence", () => {
    const kind = AnswerKind.parse({ kind: "tone", hz: 440, durationMs: 500, level: 0.5 });
    const [segment] = renderAnswer(kind, { kind: "text" }, clips["en-US"]);
    const pcm = segment?.pcm ?? new Int16Array(0);
    expect(pcm).toHaveLength(12_000);
    expect(Math.max(...pcm) / 32_768).toBeCloseTo(0.5, 2);
    expect([pcm[0], pcm.at(-1)].map((sample) => Math.abs(sample ?? 1))).toEqual([0, 0]);
  });

  test("a sound is said as it was brought", () => {
    const pcm = speechLike({ ms: 300 });
    const kind = AnswerKind.parse({ kind: "sound", pcm: bytesOf(pcm).toString("base64") });
    expect(renderAnswer(kind, { kind: "text" }, clips["en-US"])).toEqual([{ pcm, text: "" }]);
  });

  test.each([
    { kind: "sound" },
    { kind: "sound", pcm: "" },
    { kind: "sound", pcm: Buffer.alloc(3).toString("base64") },
    { kind: "sound", pcm: Buffer.alloc(480_002).toString("base64") },
    { kind: "sound", pcm: "%%%%" },
    { kind: "tone", hz: 440 },
    { kind: "tone", hz: 13_000, durationMs: 100 },
    { kind: "tone", hz: 440, durationMs: 100, level: 2 },
    { kind: "silence", durationMs: 0 },
    { kind: "silence", durationMs: 120_001 },
    { kind: "demo", hz: 440 },
    { kind: "song" },
  ])("%o is refused", (kind) => {
    expect(AnswerKind.safeParse(kind).success).toBe(false);
  });
});
