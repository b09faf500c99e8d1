import { describe, expect, it } from "vitest";
import { Decimator } from "./decimator.ts";
import { designLowPass } from "./fir.ts";
import { Interpolator } from "./interpolator.ts";
import { decibels, levelAt, seededRandom, tone } from "./signals.ts";

const SECOND = 48_000;

/** Feeds a signal in blocks of `blockOf()` samples and returns all that comes out. */
function decimate(input: Float32Array, blockOf: () => number): Float32Array {
  const decimator = new Decimator({ maxBlock: 2_048 });
  const output = new Float32Array(Math.ceil(input.length / 3) + 1);
  const block = new Float32Array(2_048);
  let written = 0;
  for (let start = 0; start < input.length; ) {
    const end = Math.min(start + blockOf(), input.length);
    const count = decimator.process(input.subarray(start, end), block);
    output.set(block.subarray(0, count), written);
    written += count;
    start = end;
  }
  return output.subarray(0, written);
}

function interpolate(input: Float32Array, blockOf: () => number): Float32Array {
  const interpolator = new Interpolator({ maxBlock: 1_024 });
  const output = new Float32Array(input.length * 2);
  for (let start = 0; start < input.length; ) {
    const end = Math.min(start + blockOf(), input.length);
    interpolator.process(input.subarray(start, end), output.subarray(start * 2, end * 2));
    start = end;
  }
  return output;
}

describe("48 kHz to 16 kHz", () => {
  it.each([100, 440, 1_000, 3_400, 6_800])("passes %i Hz unchanged", (hz) => {
    const output = decimate(tone({ hz, sampleRate: 48_000, samples: SECOND }), () => 480);
    expect(Math.abs(decibels(levelAt(output.subarray(1_000), hz, 16_000) / 0.5))).toBeLessThan(0.1);
  });

  // Without the filter each of these would be heard at |16000 k - f|, as loud as it was.
  it.each([8_000, 8_500, 10_000, 12_000, 15_000, 16_440, 20_000, 23_000])(
    "removes %i Hz by 60 dB, so that it does not fold back",
    (hz) => {
      const output = decimate(tone({ hz, sampleRate: 48_000, samples: SECOND, level: 1 }), () => 480);
      const heard = Math.max(...output.subarray(1_000).map(Math.abs));
      expect(decibels(heard)).toBeLessThan(-60);
    },
  );

  it("gives the same whatever the blocks are", () => {
    const random = seededRandom(1);
    const input = Float32Array.from({ length: 10_000 }, () => random() - 0.5);
    const whole = decimate(input, () => 480);
    expect(decimate(input, () => 128)).toEqual(whole);
    expect(decimate(input, () => 1 + Math.floor(random() * 700))).toEqual(whole);
    expect(decimate(input, () => 1)).toEqual(whole);
    expect(whole).toHaveLength(Math.ceil(10_000 / 3));
  });

  it("forgets on reset", () => {
    const decimator = new Decimator({ maxBlock: 480 });
    const out = new Float32Array(160);
    decimator.process(new Float32Array(479).fill(1), out);
    decimator.reset();
    decimator.process(new Float32Array(480), out);
    expect(out).toEqual(new Float32Array(160));
  });

  it("refuses a block that it has no room for", () => {
    const decimator = new Decimator({ maxBlock: 480 });
    expect(() => decimator.process(new Float32Array(481), new Float32Array(200))).toThrow(RangeError);
  });
});

describe("24 kHz to 48 kHz", () => {
  it.each([100, 440, 1_000, 5_000, 10_000])("passes %i Hz and adds no image of it", (hz) => {
    const input = tone({ hz, sampleRate: 24_000, samples: 24_000 });
    const output = interpolate(input, () => 240).subarray(1_000);
    expect(Math.abs(decibels(levelAt(output, hz, 48_000) / 0.5))).toBeLessThan(0.1);
    expect(decibels(levelAt(output, 24_000 - hz, 48_000) / 0.5)).toBeLessThan(-60);
  });

  it("gives the same whatever the blocks are", () => {
    const random = seededRandom(2);
    const input = Float32Array.from({ length: 5_000 }, () => random() - 0.5);
    const whole = interpolate(input, () => 240);
    expect(interpolate(input, () => 64)).toEqual(whole);
    expect(interpolate(input, () => 1 + Math.floor(random() * 400))).toEqual(whole);
  });

  it("is silent again after its tail", () => {
    const interpolator = new Interpolator({ maxBlock: 240 });
    const out = new Float32Array(480);
    interpolator.process(new Float32Array(240).fill(0.5), out);
    interpolator.process(new Float32Array(interpolator.tail), out);
    expect(Math.max(...out.map(Math.abs))).toBeGreaterThan(0.1);
    interpolator.process(new Float32Array(240), out);
    expect(out).toEqual(new Float32Array(480));
  });

  it("refuses blocks and outputs of the wrong size", () => {
    const interpolator = new Interpolator({ maxBlock: 240 });
    expect(() => interpolator.process(new Float32Array(241), new Float32Array(482))).toThrow(RangeError);
    expect(() => interpolator.process(new Float32Array(240), new Float32Array(479))).toThrow(RangeError);
  });
});

describe("the filter's design", () => {
  it("has unity gain and symmetric taps", () => {
    const taps = designLowPass({ sampleRate: 48_000, passHz: 6_800, stopHz: 8_000, multipleOf: 3 });
    expect(taps.reduce((sum, tap) => sum + tap, 0)).toBeCloseTo(1, 5);
    expect([...taps].reverse()).toEqual([...taps]);
    expect((taps.length - 1) % 6).toBe(0);
  });

  it.each([
    { passHz: 8_000, stopHz: 8_000 },
    { passHz: 0, stopHz: 8_000 },
    { passHz: 8_000, stopHz: 25_000 },
  ])("refuses $passHz to $stopHz", (band) => {
    expect(() => designLowPass({ sampleRate: 48_000, multipleOf: 1, ...band })).toThrow(RangeError);
  });
});
