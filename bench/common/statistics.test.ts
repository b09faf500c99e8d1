import { expect, test } from "vitest";
import { median, percentile, ratioOfMedians, spread, summarize } from "./statistics.ts";

test("a summary of samples in any order", () => {
  expect(summarize([5, 1, 4, 2, 3])).toEqual({ n: 5, min: 1, median: 3, p99: 5, max: 5 });
  expect(summarize([7])).toEqual({ n: 1, min: 7, median: 7, p99: 7, max: 7 });
});

test("p99 is the value that one in a hundred exceeds", () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(summarize(samples)).toMatchObject({ median: 100.5, p99: 198, max: 200 });
  expect(percentile(samples, 0.5)).toBe(100);
  expect(percentile(samples, 0)).toBe(1);
  expect(percentile(samples, 1)).toBe(200);
});

test("what is no sample is an error, not a figure", () => {
  expect(() => summarize([])).toThrow("no sample");
  expect(() => summarize([1, Number.NaN])).toThrow("not a number");
  expect(median([])).toBeNaN();
});

test("ratios are of medians, and there is none without a floor", () => {
  const ours = summarize([10, 20, 90]);
  expect(ratioOfMedians(ours, summarize([8, 10, 12]))).toBe(2);
  expect(ratioOfMedians(ours, undefined)).toBeUndefined();
  expect(ratioOfMedians(ours, summarize([0, 0]))).toBeUndefined();
});

test("spread is symmetric", () => {
  expect(spread(100, 115)).toBeCloseTo(0.15);
  expect(spread(115, 100)).toBeCloseTo(0.15);
  expect(spread(-10, -11)).toBeCloseTo(0.1);
  expect(spread(0, 0)).toBe(0);
  expect(spread(0, 1)).toBe(Number.POSITIVE_INFINITY);
  expect(spread(-1, 1)).toBe(Number.POSITIVE_INFINITY);
});
