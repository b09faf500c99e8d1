import { expect, test } from "vitest";
import { callSteps, plantedMs, plantedNotes } from "./own-options.ts";

const given = (text: string | undefined) => ({ option: () => text });

test("calls are steps, from few to many", () => {
  expect(callSteps(given(undefined), [1, 8])).toEqual([1, 8]);
  expect(callSteps(given("8,2"), [1])).toEqual([2, 8]);
});

test.each(["", "0", "1,", "a", "1.5", "33"])("calls are not %o", (text) => {
  expect(() => callSteps(given(text), [1])).toThrow("--calls");
});

test("a delay is planted by order alone, and is said to be", () => {
  expect(plantedMs(given(undefined))).toBe(0);
  expect(plantedNotes(0)).toEqual([]);
  expect(plantedMs(given("50"))).toBe(50);
  expect(plantedNotes(50)).toEqual([expect.stringContaining("50 ms")]);
});

test.each(["-1", "1001", "x", "0.5"])("no delay of %o is planted", (text) => {
  expect(() => plantedMs(given(text))).toThrow("--plant");
});
