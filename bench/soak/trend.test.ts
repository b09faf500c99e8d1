import { describe, expect, it } from "vitest";
import { randomOf } from "../../test/support/random.ts";
import { trendOf } from "./trend.ts";

describe("trendOf", () => {
  it("is exact for a line", () => {
    const trend = trendOf([0, 1, 2, 5, 9].map((x) => ({ x, y: 3 - 0.5 * x })));
    expect(trend.slope).toBeCloseTo(-0.5, 10);
    expect(trend.standardError).toBeCloseTo(0, 10);
  });

  it("is within two standard errors of the truth nineteen times of twenty", () => {
    const random = randomOf(7);
    // About normal, with a variance of 1.
    const noise = () => Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);
    const tries = 400;
    let within = 0;
    for (let run = 0; run < tries; run += 1) {
      const points = Array.from({ length: 40 }, (_, x) => ({ x, y: 100 + 0.2 * x + 5 * noise() }));
      const { slope, standardError } = trendOf(points);
      if (Math.abs(slope - 0.2) <= 2 * standardError) within += 1;
    }
    expect(within / tries).toBeGreaterThan(0.92);
    expect(within / tries).toBeLessThan(0.98);
  });

  it("refuses what has none", () => {
    expect(() =>
      trendOf([
        { x: 1, y: 1 },
        { x: 2, y: 2 },
      ]),
    ).toThrow(RangeError);
    expect(() => trendOf([1, 1, 1].map((x) => ({ x, y: Math.PI })))).toThrow(RangeError);
  });
});
