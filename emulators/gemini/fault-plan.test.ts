import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Moment } from "./core/conversation.ts";
import { FaultPlan } from "./fault-plan.ts";
import { SessionFault } from "./faults.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start(now: Moment[] = []) {
  const applied: string[] = [];
  const plan = new FaultPlan({
    apply: (fault) => applied.push(fault.fault),
    is: (moment) => now.includes(moment),
  });
  return { plan, applied, add: (fault: object) => plan.add(SessionFault.parse(fault)) };
}

describe("FaultPlan", () => {
  test("waits for the moment, then for the time", () => {
    const { plan, applied, add } = start();
    add({ fault: "drop", at: "duringTool", afterMs: 100 });
    plan.happened("duringAnswer");
    vi.advanceTimersByTime(1_000);
    plan.happened("duringTool");
    vi.advanceTimersByTime(99);
    expect(applied).toEqual([]);
    vi.advanceTimersByTime(1);
    plan.happened("duringTool");
    vi.runAllTimers();
    expect(applied).toEqual(["drop"]);
  });

  test("does at once what is due, whose moment may be now", () => {
    const { applied, add } = start(["duringAnswer"]);
    add({ fault: "drop", at: "duringAnswer" });
    add({ fault: "malformed" });
    expect(applied).toEqual(["drop", "malformed"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("waits for the session to finish what it does when the moment comes", () => {
    const { plan, applied, add } = start();
    add({ fault: "drop", at: "duringAnswer" });
    plan.happened("duringAnswer");
    expect(applied).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(applied).toEqual(["drop"]);
  });

  test("takes so many and no more, and none is left after clear", () => {
    const { plan, applied, add } = start();
    for (let i = 0; i < 50; i++) {
      expect(add({ fault: "drop", afterMs: 1_000 })).toBe(true);
      expect(add({ fault: "malformed", at: "duringAnswer" })).toBe(true);
    }
    expect(add({ fault: "drop" })).toBe(false);
    plan.clear();
    expect(vi.getTimerCount()).toBe(0);
    plan.happened("duringAnswer");
    vi.runAllTimers();
    expect(applied).toEqual([]);
    expect(add({ fault: "drop" })).toBe(true);
  });
});
