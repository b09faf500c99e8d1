import { expect, it } from "vitest";
import { CALLS_A_ROUND, planRounds, type Round } from "./plan.ts";
import { minutesOf } from "./soak.ts";

it("lasts half an hour unless told otherwise, and never longer than a session may", () => {
  expect(minutesOf(undefined)).toBe(30);
  expect(minutesOf("2.5")).toBe(2.5);
  for (const wrong of ["0", "56", "long", ""]) expect(() => minutesOf(wrong)).toThrow("--minutes");
});

it("plans the same calls for the same seed", () => {
  const plan = (seed: number) => {
    const rounds = planRounds(seed);
    // A generator without an end.
    return Array.from({ length: 20 }, () => rounds.next().value as Round);
  };
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
  expect(plan(1).every((round) => round.length === CALLS_A_ROUND)).toBe(true);
});
