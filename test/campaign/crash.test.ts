import { expect, it } from "vitest";
import { runCrash } from "./crash/crash.ts";

it("goes on with the calls of a page that crashes, and disturbs no others", { timeout: 90_000 }, async () => {
  const { rounds, complaints } = await runCrash({ seed: 1, victims: ["page"], calls: 3 });
  expect(complaints).toEqual([]);
  const [{ lostGapsMs = [], otherGapsMs = [] } = {}] = rounds;
  // A page has two of the calls.
  expect(lostGapsMs.length).toBeGreaterThanOrEqual(1);
  expect(otherGapsMs.length).toBeGreaterThanOrEqual(1);
  expect(lostGapsMs.length + otherGapsMs.length).toBe(3);
});
