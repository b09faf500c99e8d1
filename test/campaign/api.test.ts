import { expect, it } from "vitest";
import { runApi } from "./api/api.ts";

const CALLS = 150;

it("answers whatever is asked as its OpenAPI document promises", { timeout: 120_000 }, async () => {
  const { answers, complaints } = await runApi({ seed: 1, calls: CALLS });
  expect(complaints).toEqual([]);
  const statuses = new Set([...answers.keys()].map((answer) => answer.split(" ").at(-1)));
  // A run in which everything is refused would prove nothing.
  for (const status of ["200", "201", "404", "422"]) expect(statuses).toContain(status);
});
