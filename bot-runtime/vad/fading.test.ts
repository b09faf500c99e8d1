import { describe, expect, it } from "vitest";
import { Fading } from "./fading.ts";

/** A window of a tone of this level, in dB. */
function window(db: number): Float32Array {
  const peak = 10 ** (db / 20) * Math.SQRT2;
  return Float32Array.from({ length: 512 }, (_, n) => peak * Math.sin((2 * Math.PI * n) / 16));
}

function fades(...levels: number[]): boolean[] {
  const fading = new Fading();
  return levels.map((db) => fading.next(window(db)));
}

describe("Fading", () => {
  it("knows a string that was plucked from a sound that stays or swells", () => {
    expect(fades(-35, -14, -17, -18, -19.5)).toEqual([false, false, true, true, true]);
    expect(fades(-20, -20, -20.1, -19)).toEqual([false, false, false, false]);
  });

  it("does not take the end of a syllable for it", () => {
    expect(fades(-20, -30, -36)).toEqual([false, false, false]);
  });

  it("bears silence", () => {
    const fading = new Fading();
    const levels = [new Float32Array(512), new Float32Array(512), window(-20), new Float32Array(512)];
    expect(levels.map((samples) => fading.next(samples))).toEqual([false, false, false, false]);
  });
});
