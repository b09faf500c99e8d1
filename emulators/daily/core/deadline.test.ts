import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { at } from "./deadline.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

test("calls back once, at its time", () => {
  const callback = vi.fn();
  at(5_000, callback);
  vi.advanceTimersByTime(4_999);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test("a time in the past is now", () => {
  const callback = vi.fn();
  at(-1, callback);
  vi.advanceTimersByTime(0);
  expect(callback).toHaveBeenCalledOnce();
});

test("a time beyond what setTimeout takes does not fire at once", () => {
  const callback = vi.fn();
  at(60 * DAY_MS, callback);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
});

test("disposing cancels it, also after a step of the long way", () => {
  const callback = vi.fn();
  const deadline = at(60 * DAY_MS, callback);
  vi.advanceTimersByTime(30 * DAY_MS);
  deadline[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(60 * DAY_MS);
  expect(callback).not.toHaveBeenCalled();
});
