import { describe, expect, it } from "vitest";
import { capacityOf, type LevelFigures } from "./capacity.ts";

const fine = (calls: number): LevelFigures => ({
  calls,
  gapP99Ms: 23,
  framesLost: 0,
  concealedPercent: 0.1,
  idlePercent: 40,
});

describe("capacityOf", () => {
  it("is the most that was tried when nothing is wrong", () => {
    expect(capacityOf([fine(1), fine(8), fine(16)])).toEqual({ calls: 16, crossed: undefined });
  });

  it.each([
    [{ gapP99Ms: 30.1 }, "gaps"],
    [{ framesLost: 1 }, "frames lost"],
    [{ concealedPercent: 1.1 }, "made up"],
    [{ idlePercent: 4.9 }, "full"],
  ])("ends where %j is met first, whatever comes after", (wrong, word) => {
    const capacity = capacityOf([fine(1), fine(8), { ...fine(16), ...wrong }, fine(24)]);
    expect(capacity).toMatchObject({ calls: 8, crossed: { calls: 16 } });
    expect(capacity.crossed?.limits).toEqual([expect.stringContaining(word)]);
  });

  it("is none when one call is too many, and names all that is wrong", () => {
    const capacity = capacityOf([{ ...fine(1), framesLost: 3, gapP99Ms: 90 }]);
    expect(capacity.calls).toBe(0);
    expect(capacity.crossed?.limits).toHaveLength(2);
  });
});
