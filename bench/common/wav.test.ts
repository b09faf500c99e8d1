import { expect, test } from "vitest";
import { readWav } from "../../test/support/audio.ts";
import { toWav } from "./wav.ts";

test("a file that our own reader reads, to 16 bits, and loud sound is cut off rather than wrapped", () => {
  const samples = Float32Array.of(0, 0.25, -0.5, 1.5, -1.5);
  const read = readWav(toWav({ sampleRate: 24_000, samples }));
  expect(read.sampleRate).toBe(24_000);
  for (const [index, wanted] of [0, 0.25, -0.5, 1, -1].entries()) {
    expect(read.samples[index]).toBeCloseTo(wanted, 4);
  }
  expect(read.samples).toHaveLength(5);
});
