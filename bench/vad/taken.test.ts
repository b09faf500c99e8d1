import { expect, it } from "vitest";
import { cpuOfOneCall, Taken } from "./taken.ts";

it("gives the share of a core that each call took", () => {
  const taken = Taken.parse({
    cpuMs: 320,
    forMs: 5_000,
    delaysMs: [4],
    windows: 10,
    batches: 2,
    windowsLost: 0,
    residentBytes: 1,
  });
  expect(cpuOfOneCall(taken, 16)).toBeCloseTo(0.4);
});
