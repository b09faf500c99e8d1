import { describe, expect, test } from "vitest";
import { concat } from "./pcm.ts";
import { Resampler, resample } from "./resampler.ts";

/** Peak amplitude (full scale is 1) of the part of the signal at one frequency. */
function amplitudeAt(samples: Int16Array, hz: number, rateHz: number): number {
  let cos = 0;
  let sin = 0;
  samples.forEach((sample, i) => {
    cos += (sample / 32_768) * Math.cos((2 * Math.PI * hz * i) / rateHz);
    sin += (sample / 32_768) * Math.sin((2 * Math.PI * hz * i) / rateHz);
  });
  return (2 * Math.hypot(cos, sin)) / samples.length;
}

function tone(hz: number, rateHz: number, seconds = 1, amplitude = 0.5): Int16Array {
  return Int16Array.from(
    { length: seconds * rateHz },
    (_, i) => 32_767 * amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz),
  );
}

/** A second's middle half, where the filter is filled and every whole frequency has full periods. */
function middle(samples: Int16Array): Int16Array {
  return samples.slice(samples.length / 4, (samples.length * 3) / 4);
}

const toDb = (ratio: number) => 20 * Math.log10(ratio);

describe("resample", () => {
  test.each([100, 440, 1000, 3000, 6000])("keeps a tone of %d Hz, 16 → 24 kHz, within 0.1 dB", (hz) => {
    const output = resample(tone(hz, 16_000), 16_000, 24_000);
    expect(output).toHaveLength(24_000);
    expect(toDb(amplitudeAt(middle(output), hz, 24_000) / 0.5)).toBeCloseTo(0, 1);
  });

  test.each([440, 3000, 5000, 6000])(
    "makes no image of a tone of %d Hz above the old Nyquist frequency",
    (hz) => {
      const output = middle(resample(tone(hz, 16_000), 16_000, 24_000));
      // Inserting samples mirrors the spectrum at 16 kHz; at 24 kHz the mirror image folds to 8 kHz + hz.
      expect(
        toDb(amplitudeAt(output, 8_000 + hz > 12_000 ? 16_000 - hz : 8_000 + hz, 24_000) / 0.5),
      ).toBeLessThan(-60);
    },
  );

  test.each([9_000, 11_000])("rejects what would alias, %d Hz at 24 → 16 kHz", (hz) => {
    const output = middle(resample(tone(hz, 24_000), 24_000, 16_000));
    expect(toDb(amplitudeAt(output, 16_000 - hz, 16_000) / 0.5)).toBeLessThan(-60);
  });

  test.each([8_000, 24_000, 44_100, 48_000])("brings a tone at %d Hz sample rate to 16 kHz", (rateHz) => {
    const output = resample(tone(1000, rateHz), rateHz, 16_000);
    expect(output.length).toBe(16_000);
    expect(toDb(amplitudeAt(middle(output), 1000, 16_000) / 0.5)).toBeCloseTo(0, 1);
  });

  test("does not move a click in time", () => {
    const input = new Int16Array(1600);
    input[800] = 20_000;
    const output = resample(input, 16_000, 24_000);
    expect(output.indexOf(Math.max(...output))).toBe(1200);
  });

  test("clips a signal that overshoots, and does not wrap it around", () => {
    const square = Int16Array.from({ length: 1600 }, (_, i) => (i % 160 < 80 ? 32_767 : -32_768));
    const output = resample(square, 16_000, 24_000);
    const steps = output.map((sample, i) => Math.abs(sample - (output[i - 1] ?? sample)));
    // A wrapped sample would jump by almost 65,536 within a plateau; plateaus are 120 samples long.
    expect(steps.filter((step) => step > 32_000).length).toBeLessThan(1600 / 80 + 1);
  });
});

describe("Resampler", () => {
  test("gives the same samples in blocks of any length as in one", () => {
    const input = tone(440, 16_000, 0.5);
    const whole = new Resampler(16_000, 24_000).process(input);
    const streamed = new Resampler(16_000, 24_000);
    const blocks: Int16Array[] = [];
    for (let at = 0, length = 1; at < input.length; at += length, length = (length * 7) % 331) {
      blocks.push(streamed.process(input.subarray(at, at + length)));
    }
    expect(concat(blocks)).toEqual(whole);
  });
});
