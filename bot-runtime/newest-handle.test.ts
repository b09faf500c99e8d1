import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { NewestHandle } from "./newest-handle.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function handles() {
  const reported: string[] = [];
  return { newest: new NewestHandle((handle) => reported.push(handle)), reported };
}

it("reports the first at once, then the newest of each second", () => {
  const { newest, reported } = handles();
  newest.changed("a");
  expect(reported).toEqual(["a"]);
  newest.changed("b");
  newest.changed("c");
  expect(reported).toEqual(["a"]);
  vi.advanceTimersByTime(1_000);
  expect(reported).toEqual(["a", "c"]);
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
  newest.changed("d");
  expect(reported).toEqual(["a", "c", "d"]);
});

it("keeps nothing for itself when it is closed", () => {
  const { newest, reported } = handles();
  newest.changed("a");
  newest.changed("b");
  newest.close();
  expect(reported).toEqual(["a", "b"]);
  expect(vi.getTimerCount()).toBe(0);
});
