import { expect, it } from "vitest";
import { callsOf } from "./density.ts";

it("takes more calls where there are cores for those who make them", () => {
  expect(callsOf(undefined, 2)).toEqual([1, 2, 4, 8, 16]);
  expect(callsOf(undefined, 4)).toEqual([1, 2, 4, 8, 16, 24, 32]);
});

it("takes numbers of calls in any order, each once", () => {
  expect(callsOf("8,2,8")).toEqual([2, 8]);
});

it.each(["", "0", "65", "two", "1;2", "1.5", "4,"])("refuses %j", (option) => {
  expect(() => callsOf(option)).toThrow("--calls");
});
