import { describe, expect, it } from "vitest";
import { complaintsOf, differences, type LeaksReport, slope, slopes } from "./verdict.ts";

const MAX_SLOPE = 20_000;

function report(changes: Partial<LeaksReport> = {}): LeaksReport {
  return {
    measurements: [1, 2, 4, 5].map((calls) => ({ calls, heaps: { bot: 1_000_000, page: 2_000_000 } })),
    before: { "bot: sockets": 1 },
    after: { "bot: sockets": 1 },
    calls: [{ sessionId: "s", end: "stop", state: "completed", reason: "stopped", endedAt: "2026-01-01" }],
    ...changes,
  };
}

describe("slope", () => {
  it("is that of the line, whatever the noise around it", () => {
    expect(slope([3, 5, 9].map((x) => ({ x, y: 7 + 100 * x })))).toBeCloseTo(100, 9);
    const noisy = Array.from({ length: 40 }, (_, x) => ({ x, y: 100 * x + (x % 2 === 0 ? 300 : -300) }));
    expect(slope(noisy)).toBeCloseTo(100, -1);
  });

  it("does not take one measurement, or none, for a flat line", () => {
    expect(() => slope([{ x: 1, y: 1 }])).toThrow(/too few/);
    expect(() => slope([])).toThrow(/too few/);
    expect(() => slopes([{ calls: 1, heaps: { bot: 1 } }])).toThrow(/too few/);
  });

  it("does not pass over a heap that was not always measured", () => {
    const measurements = [1, 2].map((calls) => ({ calls, heaps: calls === 1 ? { bot: 1 } : {} }));
    expect(() => slopes(measurements as LeaksReport["measurements"])).toThrow();
  });
});

it("differences are what came, what went, and what is new", () => {
  expect(differences({ a: 1, b: 2, c: 3 }, { a: 1, b: 3, d: 1 })).toEqual([
    "b: 2 → 3",
    "c: 3 → 0",
    "d: 0 → 1",
  ]);
});

describe("complaints", () => {
  it("are none when all is flat and back", () => {
    expect(complaintsOf(report(), { maxSlope: MAX_SLOPE })).toEqual([]);
  });

  it("name the heap that grows", () => {
    const measurements = [1, 2, 3].map((calls) => ({ calls, heaps: { bot: 1, page: 100_000 * calls } }));
    expect(complaintsOf(report({ measurements }), { maxSlope: MAX_SLOPE })).toEqual([
      "The heap of page grows by 100000 bytes a call.",
    ]);
  });

  it("name what is left", () => {
    expect(complaintsOf(report({ after: { "bot: sockets": 2 } }), { maxSlope: MAX_SLOPE })).toEqual([
      "Not as before the calls: bot: sockets: 1 → 2.",
    ]);
  });

  it("name a session that did not end, or ended as a failure", () => {
    const [call] = report().calls;
    if (!call) throw new Error("there is a call");
    const calls = [
      { ...call, state: "active", reason: undefined, endedAt: undefined },
      { ...call, state: "failed", reason: "bot_lost" },
    ];
    expect(complaintsOf(report({ calls }), { maxSlope: MAX_SLOPE })).toEqual([
      "Session s (stop) is active (undefined).",
      "Session s (stop) is failed (bot_lost).",
    ]);
  });
});
