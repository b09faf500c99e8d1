import { expect, it } from "vitest";
import { planCalls } from "./plan.ts";

it("plans as many calls as are asked for", () => {
  for (const calls of [1, 7, 300]) expect(planCalls({ seed: 3, calls })).toHaveLength(calls);
});

it("plans the same for the same seed, and another thing for another", () => {
  expect(planCalls({ seed: 5, calls: 50 })).toEqual(planCalls({ seed: 5, calls: 50 }));
  expect(planCalls({ seed: 5, calls: 50 })).not.toEqual(planCalls({ seed: 6, calls: 50 }));
});

it("has everything in it before long", () => {
  const calls = planCalls({ seed: 1, calls: 600 });
  const paths = new Set(calls.map(({ method, path }) => `${method} ${path}`));
  for (const route of ["POST /start", "POST /connect", "GET /api/rtvi/{id}", "POST /api/rtvi/{id}/stop"]) {
    expect(paths).toContain(route);
  }
  expect(calls.some(({ headers }) => "idempotency-key" in headers)).toBe(true);
  expect(calls.some(({ headers }) => "origin" in headers)).toBe(true);
});
