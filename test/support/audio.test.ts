import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bestMatch, envelope, type Recording, readWav, toneTimes } from "./audio.ts";

const speech = readWav(await readFile(join(import.meta.dirname, "../e2e/recordings/question.wav")));

function join2(...parts: Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

function tone(hz: number, ms: number, sampleRate = 16_000): Float32Array {
  return Float32Array.from(
    { length: (sampleRate * ms) / 1000 },
    (_, index) => 0.3 * Math.sin((2 * Math.PI * hz * index) / sampleRate),
  );
}

const silence = (ms: number) => new Float32Array(16 * ms);
const at16k = (samples: Float32Array): Recording => ({ sampleRate: 16_000, samples });

describe("readWav", () => {
  it("reads a mu-law recording", () => {
    expect(speech.sampleRate).toBe(16_000);
    expect(speech.samples.length / speech.sampleRate).toBeCloseTo(4.86, 1);
    expect(Math.max(...speech.samples)).toBeGreaterThan(0.3);
  });

  it("refuses what is no WAV file", () => {
    expect(() => readWav(new Uint8Array(100))).toThrow(/mono WAV/);
  });
});

describe("bestMatch", () => {
  const pattern = envelope(speech);

  it("finds the speech, and where", () => {
    const heard = envelope(at16k(join2(silence(1_230), speech.samples, silence(500))));
    const { correlation, atMs } = bestMatch(pattern, heard);
    expect(correlation).toBeGreaterThan(0.99);
    expect(atMs).toBe(1_230);
  });

  it("forgives what a jitter buffer does", () => {
    const { samples } = speech;
    const heard = envelope(
      at16k(
        join2(silence(300), samples.subarray(0, 40_000), silence(40), samples.subarray(40_000), silence(300)),
      ),
    );
    expect(bestMatch(pattern, heard).correlation).toBeGreaterThan(0.95);
  });

  it("does not take other sounds for it: the speech backwards, a tone, nothing", () => {
    const backwards = at16k(join2(silence(300), speech.samples.toReversed(), silence(300)));
    expect(bestMatch(pattern, envelope(backwards)).correlation).toBeLessThan(0.6);
    expect(bestMatch(pattern, envelope(at16k(tone(1_000, 6_000)))).correlation).toBeLessThan(0.3);
    expect(bestMatch(pattern, envelope(at16k(silence(6_000)))).correlation).toBe(0);
    expect(bestMatch(pattern, envelope(at16k(silence(100)))).correlation).toBe(-1);
  });
});

describe("toneTimes", () => {
  it("says when a tone is heard, and takes no other for it", () => {
    const sound = at16k(join2(silence(200), tone(1_000, 100), silence(100), tone(1_700, 100)));
    expect(toneTimes(sound, 1_000)).toEqual([200, 220, 240, 260, 280]);
    expect(toneTimes(sound, 1_700)).toEqual([400, 420, 440, 460, 480]);
  });

  it("hears no tone in speech of any length that matters", () => {
    expect(toneTimes(speech, 1_000).length).toBeLessThan(5);
  });
});
