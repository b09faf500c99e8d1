import { describe, expect, it } from "vitest";
import { randomOf } from "../../test/support/random.ts";
import { PageClock } from "./page-clock.ts";
import { trendOf } from "./trend.ts";

const MS_PER_HOUR = 3_600_000;

/** Ten minutes of batches, looked at every ten seconds; each comes up to 5 ms late. */
function clockOf({
  aheadPerHourMs,
  without = () => false,
}: {
  aheadPerHourMs: number;
  without?(n: number): boolean;
}) {
  const random = randomOf(3);
  const clock = new PageClock(2);
  const batchMs = 20 / (1 + aheadPerHourMs / MS_PER_HOUR);
  for (let look = 0; look < 60; look += 1) {
    const atMs = Array.from({ length: 500 }, (_, index) => look * 500 + index)
      .filter((n) => !without(n))
      .map((n) => 1_000 + n * batchMs + 5 * random());
    clock.add([
      { page: 1, atMs: [1, 2, 3] },
      { page: 2, atMs },
    ]);
  }
  return clock;
}

describe("PageClock", () => {
  it.each([0, 180, -90])("finds a clock that is %i ms ahead after an hour", (aheadPerHourMs) => {
    const { slope, standardError } = trendOf(clockOf({ aheadPerHourMs }).aheadMs);
    expect(Math.abs(slope * MS_PER_HOUR - aheadPerHourMs)).toBeLessThan(3 * standardError * MS_PER_HOUR);
    expect(standardError * MS_PER_HOUR).toBeLessThan(5);
  });

  it("falls back by what was lost", () => {
    const clock = clockOf({ aheadPerHourMs: 0, without: (n) => n >= 10_000 && n < 10_005 });
    expect(clock.aheadMs.at(-1)?.y).toBeGreaterThan(-100 - 6);
    expect(clock.aheadMs.at(-1)?.y).toBeLessThan(-100 + 6);
  });

  it("leaves out what it is told to, and goes on from where it was", () => {
    const clock = new PageClock(1);
    const batches = (fromMs: number) => [{ page: 1, atMs: [0, 20, 40, 60].map((atMs) => fromMs + atMs) }];
    clock.add(batches(0));
    // Half a second without sound in the middle of this.
    clock.leaveOut();
    clock.add(batches(580));
    clock.add(batches(660));
    expect(clock.aheadMs).toEqual([
      { x: 60, y: 0 },
      { x: 640, y: 0 },
      { x: 720, y: 0 },
    ]);
    clock.add(batches(1_240));
    expect(clock.aheadMs.at(-1)?.y).toBe(-500);
  });

  it("says nothing of a page that sent nothing", () => {
    const clock = new PageClock(1);
    clock.add([{ page: 2, atMs: [1, 2] }]);
    clock.add([]);
    expect(clock.aheadMs).toEqual([]);
  });
});
