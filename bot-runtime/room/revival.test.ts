import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Revival } from "./revival.ts";

let needed: boolean;
/** What each next try does; "fails" when used up. */
let script: ("works" | "fails")[];
let tries: number;
let failed: number[];
let givenUp: number;
let stop: AbortController;
let revival: Revival;

beforeEach(() => {
  vi.useFakeTimers();
  needed = true;
  script = [];
  tries = 0;
  failed = [];
  givenUp = 0;
  stop = new AbortController();
  revival = new Revival({
    needed: () => needed,
    revive: async () => {
      tries++;
      if (script.shift() !== "works") throw new Error("no");
      needed = false;
    },
    failed: (attempt) => failed.push(attempt),
    givenUp: () => givenUp++,
    stop: stop.signal,
  });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Revival", () => {
  it("does nothing without a need", async () => {
    needed = false;
    revival.start();
    await revival.settled();
    expect(tries).toBe(0);
  });

  it("tries at once, and again after longer and longer waits", async () => {
    script = ["fails", "fails", "works"];
    revival.start();
    revival.start();
    expect(tries).toBe(1);
    await vi.advanceTimersByTimeAsync(499);
    expect(tries).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(tries).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(tries).toBe(3);
    await revival.settled();
    expect(failed).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets others wait for one try, and not for all", async () => {
    revival.start();
    let over = false;
    void revival.attempt?.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect([over, tries]).toEqual([true, 1]);
  });

  it("gives up after ten tries, and takes up again when that was long ago", async () => {
    revival.start();
    await vi.advanceTimersByTimeAsync(100_000);
    expect([tries, givenUp]).toEqual([10, 1]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(tries).toBe(10);
    script = ["works"];
    revival.start();
    await revival.settled();
    expect(tries).toBe(11);
  });

  it("does not count long ago what fails now and then", async () => {
    for (let round = 0; round < 30; round++) {
      needed = true;
      script = ["fails", "works"];
      revival.start();
      await vi.advanceTimersByTimeAsync(120_000);
    }
    expect([tries, givenUp]).toEqual([60, 0]);
  });

  it("ends at once when it is stopped, also within a wait", async () => {
    revival.start();
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    await revival.settled();
    expect(vi.getTimerCount()).toBe(0);
    expect(tries).toBe(1);
  });
});
