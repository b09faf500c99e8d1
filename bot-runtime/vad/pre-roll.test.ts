import { describe, expect, it } from "vitest";
import { PreRoll } from "./pre-roll.ts";

/** Audio whose samples count up, so that each is told by its value. */
function count(from: number, samples: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) => from + index);
}

describe("PreRoll", () => {
  it("gives what was added from a time on, in order", () => {
    const preRoll = new PreRoll(10);
    preRoll.add(count(0, 48));
    expect(preRoll.takeFrom(1)).toEqual(count(16, 32));
  });

  it("gives the newest that it holds, when asked for more", () => {
    const preRoll = new PreRoll(2);
    preRoll.add(count(0, 100));
    expect(preRoll.takeFrom(0)).toEqual(count(68, 32));
    preRoll.add(count(100, 20));
    expect(preRoll.takeFrom(-5)).toEqual(count(100, 20));
  });

  it("gives nothing twice, and nothing of before a gap", () => {
    const preRoll = new PreRoll(10);
    preRoll.add(count(0, 32));
    expect(preRoll.takeFrom(0)).toHaveLength(32);
    expect(preRoll.takeFrom(0)).toHaveLength(0);
    preRoll.add(count(32, 16));
    preRoll.clear();
    preRoll.add(count(48, 16));
    expect(preRoll.takeFrom(0)).toEqual(count(48, 16));
    expect(preRoll.takeFrom(1_000)).toHaveLength(0);
  });

  it("is as an endless recording of which only the end is left, for pieces of any length", () => {
    for (let pieces = 1; pieces <= 70; pieces += 1) {
      const preRoll = new PreRoll(2);
      let added = 0;
      for (let turn = 0; turn < 9; turn += 1) {
        preRoll.add(count(added, pieces));
        added += pieces;
      }
      const kept = Math.min(added, 32);
      expect(preRoll.takeFrom(0), `pieces of ${pieces}`).toEqual(count(added - kept, kept));
    }
  });

  it("keeps a copy", () => {
    const preRoll = new PreRoll(1);
    const pcm = count(1, 16);
    preRoll.add(pcm);
    pcm.fill(0);
    expect(preRoll.takeFrom(0)).toEqual(count(1, 16));
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses to keep %s ms", (ms) => {
    expect(() => new PreRoll(ms)).toThrow(RangeError);
  });
});
