import { expect, test } from "vitest";
import type { Row } from "./bench.ts";
import { comparisonOf, jsonOf, type Result, type Run, tableOf } from "./report.ts";

function result(...rows: Row[]): Result {
  return {
    name: "thing",
    report: { workload: "two calls that sleep", rows, notes: ["It was raining."] },
    durationMs: 12_400,
    loadBefore: 0.25,
    loadAfter: 1,
  };
}

const WITH_FLOOR: Row = {
  label: "there and back",
  unit: "ms",
  ours: [30, 10, 20],
  floor: [9, 11, 10],
  aim: {
    text: "≤ 1.3 × floor",
    met: (ours, floor) => floor !== undefined && ours.median <= 1.3 * floor.median,
  },
};
const WITHOUT: Row = {
  label: "requests",
  unit: "/s",
  ours: [1234.5],
  aim: { text: "≥ 1000", met: ({ median }) => median >= 1_000 },
};

test("the table says all of it, in columns", () => {
  const lines = tableOf(result(WITH_FLOOR, WITHOUT)).split("\n");
  expect(lines).toEqual([
    "thing: two calls that sleep",
    "(12 s, load 0.3 before, 1.0 after)",
    "",
    "                      n   p50   p99  floor   ratio  more  aim",
    "  there and back, ms  3    20    30     10  2.00 ×   +10  ≤ 1.3 × floor  missed",
    "  requests, /s        1  1235  1235                       ≥ 1000         met",
    "",
    "  - It was raining.",
  ]);
});

test("less than the floor is a minus, not a plus", () => {
  expect(tableOf(result({ ...WITH_FLOOR, ours: [7.5] }))).toContain("0.75 ×  −2.50");
});

test("the file has every sample, the floor's too, and what follows from them", () => {
  const run: Run = {
    machine: {
      cores: 2,
      cpu: "a",
      memoryMiB: 1,
      system: "b",
      node: "c",
      chromium: "d",
      workerd: "e",
      dailyJs: "f",
      commit: "g",
    },
    startedAt: "2026-11-20T15:00:00.000Z",
    seed: 1,
    runs: 3,
    results: [result(WITH_FLOOR)],
  };
  const json: unknown = JSON.parse(JSON.stringify(jsonOf(run)));
  expect(json).toMatchObject({
    version: 1,
    machine: run.machine,
    seed: 1,
    benches: [
      {
        name: "thing",
        loadBefore: 0.25,
        rows: [
          {
            label: "there and back",
            unit: "ms",
            n: 3,
            median: 20,
            p99: 30,
            ratio: 2,
            difference: 10,
            floor: { median: 10, p99: 11 },
            samples: [30, 10, 20],
            floorSamples: [9, 11, 10],
            aim: { text: "≤ 1.3 × floor", met: false },
          },
        ],
      },
    ],
  });
});

test("two runs are compared by their ratios, else by their medians; what only one has is left out", () => {
  const earlier = {
    benches: [
      {
        name: "thing",
        rows: [
          // Twice as slow a machine, the same ratio.
          { label: "there and back", median: 40, ratio: 2.1 },
          { label: "requests", median: 1_000 },
          { label: "something else", median: 1 },
        ],
      },
    ],
  };
  expect(comparisonOf(earlier, [result(WITH_FLOOR, WITHOUT)])).toEqual([
    "  thing: there and back  ratio   2.10  →  2     5 %",
    "  thing: requests        median  1000  →  1235  23 %  apart",
  ]);
});
