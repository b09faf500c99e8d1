import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchLoopLag } from "./loop-lag.ts";
import { LOOK_EVERY_MS, Strain, type StrainLogEvent } from "./strain.ts";

const MAX_LAG_MS = 200;

let lagMs: number;
let late: number;
let disposed: number;
let logged: StrainLogEvent[];

beforeEach(() => {
  vi.useFakeTimers();
  lagMs = 0;
  late = 7;
  disposed = 0;
  logged = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function strain(maxLagMs = MAX_LAG_MS): Strain {
  return new Strain({
    lag: { read: () => lagMs, [Symbol.dispose]: () => disposed++ },
    lateBatches: () => late,
    maxLagMs,
    log: (event) => logged.push(event),
  });
}

function seconds(count: number, each: () => void = () => {}): void {
  for (let second = 0; second < count; second++) {
    each();
    vi.advanceTimersByTime(LOOK_EVERY_MS);
  }
}

describe("Strain", () => {
  it("shuts the door on an event loop that is held second after second, and says so", () => {
    using watched = strain();
    lagMs = MAX_LAG_MS;
    seconds(2);
    expect(watched.door).toBe("wary");
    seconds(1);
    expect(watched.door).toBe("shut");
    expect(watched.lagMs).toBe(MAX_LAG_MS);
    expect(logged).toEqual([
      { event: "admission.changed", level: "info", door: "wary", lagMs: MAX_LAG_MS, lateBatches: 0 },
      { event: "admission.changed", level: "warn", door: "shut", lagMs: MAX_LAG_MS, lateBatches: 0 },
    ]);
  });

  it("shuts it on audio that comes late over the bridge, counted from now on", () => {
    using watched = strain();
    seconds(5);
    expect(watched.door).toBe("open");
    seconds(3, () => {
      late += 5;
    });
    expect(watched.door).toBe("shut");
    expect(logged.at(-1)).toMatchObject({ door: "shut", lateBatches: 5 });
  });

  it("opens it only when both are well below their limits for a while", () => {
    using watched = strain();
    lagMs = MAX_LAG_MS;
    seconds(3);
    lagMs = MAX_LAG_MS / 2;
    seconds(20);
    expect(watched.door).toBe("shut");
    lagMs = 0;
    seconds(20, () => {
      late += 1;
    });
    expect(watched.door).toBe("shut");
    seconds(5);
    expect(watched.door).toBe("wary");
    seconds(5);
    expect(watched.door).toBe("open");
  });

  it("never shuts it when that is switched off", () => {
    using watched = strain(0);
    lagMs = 60_000;
    seconds(10, () => {
      late += 50;
    });
    expect(watched.door).toBe("open");
  });

  it("leaves no timer and no watch behind", () => {
    strain()[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    expect(disposed).toBe(1);
  });
});

describe("watchLoopLag", () => {
  const HELD_MS = 120;

  it("sees that the event loop was held, and forgets it when it was read", async () => {
    vi.useRealTimers();
    using lag = watchLoopLag();
    const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
    // It measures from its second look on.
    await turn();
    await turn();
    const until = performance.now() + HELD_MS;
    while (performance.now() < until);
    await turn();
    expect(lag.read()).toBeGreaterThan(HELD_MS / 2);
    expect(lag.read()).toBe(0);
  });
});
