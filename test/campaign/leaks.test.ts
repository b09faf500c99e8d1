import { expect, it } from "vitest";
import { runLeaks } from "./leaks/leaks.ts";
import { complaintsOf } from "./leaks/verdict.ts";

const WARM_UP = 3;
const CALLS = 6;
/**
 * Bytes a call. So few calls still grow by what is compiled for the first time; a second of a call's audio, which
 * is what a leak would hold at the least, is 32,000 bytes at either end and as much again in buffers.
 */
const MAX_SLOPE = 60_000;

it("leaves nothing of a call in any program or page", { timeout: 120_000 }, async () => {
  const report = await runLeaks({ seed: 1, warmUp: WARM_UP, calls: CALLS });
  expect(report.calls).toHaveLength(WARM_UP + CALLS);
  expect(complaintsOf(report, { maxSlope: MAX_SLOPE })).toEqual([]);
});
