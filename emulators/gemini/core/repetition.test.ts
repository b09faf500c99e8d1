import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Repetition } from "./repetition.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The times at which something is done, in milliseconds since now. */
function timesOf(start: (run: () => void) => void): number[] {
  const startedAt = performance.now();
  const times: number[] = [];
  start(() => times.push(Math.round(performance.now() - startedAt)));
  return times;
}

test("does it at once, and then in the interval, until it is stopped", () => {
  const repetition = new Repetition();
  const times = timesOf((run) => repetition.start(run, 1_000));
  vi.advanceTimersByTime(3_500);
  repetition.stop();
  vi.advanceTimersByTime(5_000);
  expect(times).toEqual([0, 1_000, 2_000, 3_000]);
  expect(vi.getTimerCount()).toBe(0);
});

test("keeps to its clock, however late one of them is", () => {
  const repetition = new Repetition();
  const now = performance.now.bind(performance);
  let lateMs = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + lateMs);
  const startedAt = performance.now();
  const times: number[] = [];
  repetition.start(() => {
    times.push(performance.now() - startedAt);
    // The machine is busy: the next timer is asked for, and then runs, late.
    lateMs += 30;
  }, 1_000);
  vi.advanceTimersByTime(3_900);
  repetition.stop();
  clock.mockRestore();
  expect(times.map(Math.round)).toEqual([0, 1_030, 2_030, 3_030]);
});

test("does it once where there is no interval", () => {
  const repetition = new Repetition();
  const times = timesOf((run) => repetition.start(run));
  vi.advanceTimersByTime(10_000);
  expect(times).toEqual([0]);
});

test("does the latest thing alone, also when that was begun by the one before", () => {
  const repetition = new Repetition();
  const first = timesOf((run) => repetition.start(run, 1_000));
  vi.advanceTimersByTime(1_000);
  const second = timesOf((run) => repetition.start(run, 700));
  vi.advanceTimersByTime(2_100);
  repetition.stop();
  expect(first).toEqual([0, 1_000]);
  expect(second).toEqual([0, 700, 1_400, 2_100]);
});

test("can be stopped by what it does", () => {
  const repetition = new Repetition();
  let times = 0;
  repetition.start(() => {
    times += 1;
    if (times === 2) repetition.stop();
  }, 500);
  vi.advanceTimersByTime(5_000);
  expect(times).toBe(2);
  expect(vi.getTimerCount()).toBe(0);
});
