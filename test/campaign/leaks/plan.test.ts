import { expect, it } from "vitest";
import { planCalls, WAYS_TO_END } from "./plan.ts";

it("plans as many calls as are asked for, alone and in pairs", () => {
  for (const calls of [1, 2, 3, 6, 40]) {
    expect(planCalls({ seed: 7, calls }).flat()).toHaveLength(calls);
  }
  const sizes = planCalls({ seed: 7, calls: 40 }).map((round) => round.length);
  expect(new Set(sizes)).toEqual(new Set([1, 2]));
});

it("ends calls in every way there is before one comes again", () => {
  for (const seed of [1, 2, 3]) {
    const ends = planCalls({ seed, calls: 10 })
      .flat()
      .map(({ end }) => end);
    expect(new Set(ends.slice(0, WAYS_TO_END.length))).toEqual(new Set(WAYS_TO_END));
    expect(new Set(ends.slice(WAYS_TO_END.length))).toEqual(new Set(WAYS_TO_END));
  }
});

it("plans the same for the same seed, and another thing for another", () => {
  expect(planCalls({ seed: 5, calls: 20 })).toEqual(planCalls({ seed: 5, calls: 20 }));
  expect(planCalls({ seed: 5, calls: 20 })).not.toEqual(planCalls({ seed: 6, calls: 20 }));
});
