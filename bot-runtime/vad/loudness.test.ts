import { describe, expect, it } from "vitest";
import { loudness, Volume } from "./loudness.ts";

const RATE = 16_000;

function sine(hz: number, { level = 1, samples = RATE }: { level?: number; samples?: number } = {}) {
  return Float32Array.from({ length: samples }, (_, n) => level * Math.sin((2 * Math.PI * hz * n) / RATE));
}

describe("loudness", () => {
  // The standard's own calibration: 997 Hz at full scale in one channel is -3.01 LUFS.
  it("is -3.01 LUFS, within 0.1, for a full-scale sine of 997 Hz, and goes with the level", () => {
    expect(Math.abs(loudness(sine(997)) + 3.01)).toBeLessThan(0.1);
    expect(loudness(sine(997, { level: 0.1 }))).toBeCloseTo(loudness(sine(997)) - 20, 3);
  });

  it("weighs high frequencies more by 4 dB, and rumble much less", () => {
    expect(loudness(sine(5_000)) - loudness(sine(500))).toBeGreaterThan(3);
    expect(loudness(sine(5_000)) - loudness(sine(500))).toBeLessThan(4.5);
    expect(loudness(sine(10))).toBeLessThan(loudness(sine(500)) - 15);
  });

  it("is without bottom for digital silence", () => {
    expect(loudness(new Float32Array(512))).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("Volume", () => {
  it("approaches the loudness by a fifth each window, between 0 and 1", () => {
    const volume = new Volume();
    const speech = sine(997, { level: 0.1, samples: 512 });
    const target = (loudness(speech) + 110) / 100;
    expect(volume.next(speech)).toBeCloseTo(0.2 * target, 5);
    for (let window = 0; window < 40; window += 1) volume.next(speech);
    expect(volume.next(speech)).toBeCloseTo(target, 2);
    expect(volume.next(new Float32Array(512))).toBeCloseTo(0.8 * target, 2);
    volume.reset();
    expect(volume.next(new Float32Array(512))).toBe(0);
  });

  it("is full for what cannot be louder", () => {
    const volume = new Volume();
    const clipped = sine(4_000, { level: 4, samples: 512 });
    for (let window = 0; window < 60; window += 1) volume.next(clipped);
    expect(volume.next(clipped)).toBeCloseTo(1, 3);
  });
});
