import { describe, expect, it } from "vitest";
import { BOT_LIMITS, durationOf, type TimerContext } from "./bot-limits.ts";

const MINUTE_MS = 60_000;
const HOUR: TimerContext = {
  limits: BOT_LIMITS,
  state: { kind: "talking" },
  startedAt: 0,
  expiresAt: 60 * MINUTE_MS,
  now: 0,
  announced: false,
};
const announcementIn = (context: Partial<TimerContext>) => durationOf("lastMinute", { ...HOUR, ...context });

describe("durationOf", () => {
  it("has the end announced a minute before it, then looks for a pause each second, until it is no use", () => {
    expect(announcementIn({ now: 10 * MINUTE_MS })).toBe(49 * MINUTE_MS);
    expect(announcementIn({ now: 59 * MINUTE_MS })).toBe(1_000);
    expect(announcementIn({ now: 59 * MINUTE_MS + 39_999 })).toBe(1_000);
    expect(announcementIn({ now: 59 * MINUTE_MS + 40_000 })).toBeUndefined();
  });

  it("has it announced once, and not in a session that is short", () => {
    expect(announcementIn({ announced: true })).toBeUndefined();
    expect(announcementIn({ expiresAt: 3 * MINUTE_MS })).toBe(2 * MINUTE_MS);
    expect(announcementIn({ expiresAt: 3 * MINUTE_MS - 1 })).toBeUndefined();
  });

  it("ends the session when it expires, also if that has passed", () => {
    expect(durationOf("expiry", { ...HOUR, now: 59 * MINUTE_MS })).toBe(MINUTE_MS);
    expect(durationOf("expiry", { ...HOUR, now: 61 * MINUTE_MS })).toBe(-MINUTE_MS);
  });

  it("tries again to join after longer waits", () => {
    const retry = (failedJoins: number) =>
      durationOf("joinRetry", { ...HOUR, state: { kind: "retrying", failedJoins } });
    expect([1, 2, 3].map(retry)).toEqual([1_000, 2_000, 4_000]);
  });
});
