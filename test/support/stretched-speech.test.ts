import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bestMatch, envelope, type Recording, readWav } from "./audio.ts";
import { bestStretchedMatch } from "./stretched-speech.ts";

let english: Recording;
let german: Recording;
beforeAll(async () => {
  english = await clip("en-US.greeting.wav");
  german = await clip("de-DE.greeting.wav");
});

async function clip(name: string): Promise<Recording> {
  return readWav(await readFile(join(import.meta.dirname, "../../emulators/gemini/clips", name)));
}

/** Played more slowly by this factor, after so much silence. */
function played({ sampleRate, samples }: Recording, slower: number, afterMs: number): Float32Array {
  const before = (sampleRate * afterMs) / 1000;
  const result = new Float32Array(before + Math.floor(samples.length * slower));
  for (let at = before; at < result.length; at += 1) {
    result[at] = samples[Math.floor((at - before) / slower)] ?? 0;
  }
  return envelope({ sampleRate, samples: result });
}

describe("bestStretchedMatch", () => {
  it("finds what is there as it was, wherever it is", () => {
    expect(bestStretchedMatch(envelope(english), played(english, 1, 700))).toBeGreaterThan(0.99);
  });

  it("finds what was stretched, which a rigid match does not", () => {
    const heard = played(english, 1.08, 500);
    expect(bestStretchedMatch(envelope(english), heard)).toBeGreaterThan(0.9);
    expect(bestMatch(envelope(english), heard).correlation).toBeLessThan(0.8);
  });

  it("finds no other speech, and nothing in silence or in too little", () => {
    expect(bestStretchedMatch(envelope(english), played(german, 1, 500))).toBeLessThan(0.8);
    expect(bestStretchedMatch(envelope(english), new Float32Array(1_000))).toBeLessThan(0.01);
    expect(bestStretchedMatch(envelope(english), envelope(english).subarray(0, 100))).toBeLessThan(0.5);
    expect(bestStretchedMatch(new Float32Array(0), envelope(english))).toBe(-1);
  });

  it("misses what is missing: half of it is no match", () => {
    const half = envelope(english);
    half.fill(0, half.length / 2);
    expect(bestStretchedMatch(envelope(english), half)).toBeLessThan(0.7);
  });
});
