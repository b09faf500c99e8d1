import { expect, it } from "vitest";
import { Framer } from "./framer.ts";

function collect(size: number) {
  const frames: number[][] = [];
  return { frames, framer: new Framer(size, (frame) => frames.push([...frame])) };
}

it("cuts a stream into frames, whatever the blocks are", () => {
  const { frames, framer } = collect(4);
  const samples = Float32Array.from({ length: 10 }, (_, index) => (index + 1) / 32_768);
  framer.push(samples.subarray(0, 3), 3);
  expect(frames).toEqual([]);
  framer.push(samples.subarray(3), 7);
  expect(frames).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
});

it("takes only as much of a block as it is told", () => {
  const { frames, framer } = collect(2);
  framer.push(Float32Array.of(0.5, 0.5, 0.5, 0.5), 2);
  expect(frames).toHaveLength(1);
});

it("clips, and makes silence of what is no number", () => {
  const { frames, framer } = collect(6);
  framer.push(Float32Array.of(1, -1, 2, -2, Number.NaN, 0.999999), 6);
  expect(frames).toEqual([[32_767, -32_768, 32_767, -32_768, 0, 32_767]]);
});

it("starts anew after reset", () => {
  const { frames, framer } = collect(2);
  framer.push(Float32Array.of(0.5), 1);
  framer.reset();
  framer.push(Float32Array.of(0, 0), 2);
  expect(frames).toEqual([[0, 0]]);
});

it.each([0, 1.5])("cannot make frames of %d samples", (size) => {
  expect(() => new Framer(size, () => {})).toThrow(RangeError);
});
