import { describe, expect, test } from "vitest";
import { Random } from "./random.ts";

const draw = (random: Random) => Array.from({ length: 100 }, () => random.next());

describe("Random", () => {
  test("repeats itself for the same seed and stream, and for no other", () => {
    expect(draw(new Random(7, 3))).toEqual(draw(new Random(7, 3)));
    expect(draw(new Random(7, 3))).not.toEqual(draw(new Random(8, 3)));
    expect(draw(new Random(7, 3))).not.toEqual(draw(new Random(7, 4)));
  });

  test("spreads over its range and stays in it", () => {
    const random = new Random(1);
    const values = Array.from({ length: 2_000 }, () => random.between(100, 200));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...values)).toBeLessThan(200);
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(150, -1);
    expect(random.between(5, 5)).toBe(5);
  });

  test("makes UUIDs of version 4", () => {
    expect(new Random(1).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
