import { expect, it } from "vitest";
import { heardMs, longestGap, median } from "./gaps.ts";

const loud = (steps: number) => Array.from({ length: steps }, () => 0.3);
const silent = (steps: number) => Array.from({ length: steps }, () => 0.001);

it("finds the longest silence, also at either end", () => {
  expect(longestGap([...loud(5), ...silent(3), ...loud(2), ...silent(7), ...loud(1)])).toEqual({
    ms: 70,
    at: 10,
  });
  expect(longestGap([...silent(4), ...loud(5)])).toEqual({ ms: 40, at: 0 });
  expect(longestGap([...loud(5), ...silent(4)])).toEqual({ ms: 40, at: 5 });
  expect(longestGap(loud(5))).toEqual({ ms: 0, at: 0 });
  expect(heardMs([...loud(5), ...silent(4)])).toBe(50);
});

it("knows the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
});
