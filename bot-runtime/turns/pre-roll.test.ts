import { describe, expect, it } from "vitest";
import { PreRoll } from "./pre-roll.ts";

const frame = (sample: number) => new Int16Array(320).fill(sample);
const samples = (frames: Int16Array[]) => frames.map((pcm) => pcm[0]);

function filled(count: number): PreRoll {
  const preRoll = new PreRoll(100);
  for (let i = 1; i <= count; i += 1) preRoll.add(frame(i));
  return preRoll;
}

describe("PreRoll", () => {
  it("has the newest audio, in order, once", () => {
    const preRoll = filled(12);
    expect(samples(preRoll.take(60))).toEqual([10, 11, 12]);
    expect(preRoll.take(60)).toEqual([]);
  });

  it("has what there is", () => {
    expect(samples(filled(2).take(100))).toEqual([1, 2]);
    expect(samples(filled(12).take(1_000))).toEqual([8, 9, 10, 11, 12]);
  });

  it("gives no less than was asked for where frames do not fit evenly", () => {
    expect(samples(filled(12).take(50))).toEqual([10, 11, 12]);
  });

  it("forgets what lies before a gap", () => {
    const preRoll = filled(3);
    preRoll.clear();
    preRoll.add(frame(9));
    expect(samples(preRoll.take(100))).toEqual([9]);
  });
});
