import { describe, expect, it } from "vitest";
import { atRate, CYCLE_MS, loopOf, msUntil, phaseOf, SPURT_MS, speechSpurts } from "./speech.ts";

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length) / 32_768;
}

describe("speech", () => {
  it("is a speaker's for half of the loop, and silence for the other", async () => {
    const spurts = await speechSpurts();
    expect(spurts.length).toBeGreaterThanOrEqual(2);
    const { sampleRate, samples } = loopOf(spurts);
    const half = (sampleRate * SPURT_MS) / 1000;
    expect(samples.length).toBe(spurts.length * 2 * half);
    for (let from = 0; from < samples.length; from += 2 * half) {
      expect(rms(samples.subarray(from, from + half))).toBeGreaterThan(0.02);
      expect(rms(samples.subarray(from + half, from + 2 * half))).toBe(0);
    }
  });

  it("is as long and as loud at another rate", async () => {
    const [spurt] = await speechSpurts();
    if (!spurt) return expect.fail("There is no spurt");
    const faster = atRate(spurt, 24_000);
    expect(faster.samples.length).toBe((24_000 * SPURT_MS) / 1000);
    expect(rms(faster.samples)).toBeCloseTo(rms(spurt.samples), 2);
  });
});

describe("phases", () => {
  it("finds how long it is to a place in the cycle, whatever the time", () => {
    expect(msUntil(0, { phaseMs: 0, nowMs: 10 * CYCLE_MS })).toBe(0);
    expect(msUntil(SPURT_MS, { phaseMs: 0, nowMs: 10 * CYCLE_MS })).toBe(SPURT_MS);
    expect(msUntil(0, { phaseMs: 500, nowMs: 10 * CYCLE_MS })).toBe(CYCLE_MS - 500);
    expect(msUntil(SPURT_MS, { phaseMs: 3_000, nowMs: 10 * CYCLE_MS })).toBe(CYCLE_MS - 1_000);
  });

  it.each([1, 2, 3, 8, 16])("has %i calls spoken in half of the time each, evenly spread", (calls) => {
    const speaking = (nowMs: number) =>
      Array.from({ length: calls }, (_, call) => (nowMs + phaseOf(call, calls)) % CYCLE_MS < SPURT_MS).filter(
        Boolean,
      ).length;
    for (let nowMs = 0; nowMs < CYCLE_MS; nowMs += 100) {
      expect(Math.abs(speaking(nowMs) - calls / 2)).toBeLessThanOrEqual(1);
    }
  });
});
