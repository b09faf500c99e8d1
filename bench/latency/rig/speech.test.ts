import { beforeAll, describe, expect, test } from "vitest";
import { OUTPUT_RATE_HZ } from "../../../emulators/gemini/core/pcm.ts";
import { findMarkers, MARKER_MS } from "../../common/marker.ts";
import { Speech } from "./speech.ts";

let speech: Speech;
beforeAll(async () => {
  speech = await Speech.read();
});

const SEEDS = [0, 1, 2, 3, 17, 63];

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

describe.each(SEEDS)("number %d", (number) => {
  test("marked speech begins with its marker, lasts as long as it should, and goes on with words", () => {
    const marked = speech.marked(number, 1_000);
    expect(marked.samples).toHaveLength(marked.sampleRate);
    expect(findMarkers(marked)).toMatchObject([{ number, atMs: expect.closeTo(0, 0) }]);
    expect(rms(marked.samples.subarray((marked.sampleRate * MARKER_MS) / 1000))).toBeGreaterThan(0.01);
  });

  test("speech that ends marked has its marker's last sample at its end", () => {
    const marked = speech.endingMarked(number, 1_000);
    expect(marked.samples).toHaveLength(marked.sampleRate);
    expect(findMarkers(marked)).toMatchObject([{ number, atMs: expect.closeTo(1_000 - MARKER_MS, 0) }]);
  });

  test("an answer is the same at Gemini's rate", () => {
    const samples = Float32Array.from(speech.answer(number, 600), (sample) => sample / 32_768);
    expect(samples).toHaveLength(0.6 * OUTPUT_RATE_HZ);
    expect(findMarkers({ sampleRate: OUTPUT_RATE_HZ, samples })).toMatchObject([{ number }]);
  });

  test("words alone are loud from their first milliseconds on, and hold no marker", () => {
    const words = speech.words(number, 900);
    const loudest = words.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(loudest).toBeGreaterThan(0.1);
    expect(rms(words.samples.subarray(0, words.sampleRate / 200))).toBeGreaterThan(0.05 * loudest);
    // What is cut off before the first sound is short.
    expect(words.samples.length).toBeGreaterThan(0.85 * words.sampleRate);
    expect(findMarkers(words)).toEqual([]);
  });
});

test("different numbers have different words", () => {
  const ends = SEEDS.slice(0, 4).map((number) =>
    speech.words(number, 900).samples.slice(4_000, 4_100).join(),
  );
  expect(new Set(ends).size).toBeGreaterThan(1);
});
