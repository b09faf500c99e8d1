import { expect, it } from "vitest";
import { idlePercent, parseMachineTimes } from "./machine-load.ts";

it("counts waiting for a disk as idle, and a guest's time once", () => {
  const before = parseMachineTimes("cpu  100 0 50 800 20 5 5 20 100 0\ncpu0 50 0 25 400 10 2 3 10 50 0\n");
  expect(before).toEqual({ idle: 820, all: 1_000 });
  const after = parseMachineTimes("cpu  160 0 60 820 30 5 5 20 160 0\n");
  expect(idlePercent(before, after)).toBeCloseTo(30);
});
