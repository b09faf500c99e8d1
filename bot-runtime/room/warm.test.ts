import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Warm } from "./warm.ts";

interface Thing {
  number: number;
  close: () => Promise<void>;
}

let made: Thing[];
let fail: boolean;
let prepared: number;
let failed: number;
let warm: Warm<Thing>;

beforeEach(() => {
  vi.useFakeTimers();
  made = [];
  fail = false;
  prepared = 0;
  failed = 0;
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function start(): void {
  warm = new Warm<Thing>({
    prepare: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (fail) throw new Error("not now");
      const thing = { number: made.length + 1, close: vi.fn(async () => {}) };
      made.push(thing);
      return thing;
    },
    prepared: () => prepared++,
    failed: () => failed++,
  });
}

it("has one ready, and makes the next when it is taken", async () => {
  start();
  await vi.advanceTimersByTimeAsync(100);
  expect((await warm.take()).number).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(made).toHaveLength(2);
  expect((await warm.take()).number).toBe(2);
  await vi.advanceTimersByTimeAsync(100);
  warm.close();
});

it("gives two who ask at once one each", async () => {
  start();
  const both = Promise.all([warm.take(), warm.take()]);
  await vi.advanceTimersByTimeAsync(100);
  expect((await both).map(({ number }) => number).sort()).toEqual([1, 2]);
  await vi.advanceTimersByTimeAsync(100);
  expect(made).toHaveLength(3);
  warm.close();
});

it("tries again by itself, ever more slowly, until it works", async () => {
  fail = true;
  start();
  await vi.advanceTimersByTimeAsync(100);
  expect(failed).toBe(1);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(failed).toBe(2);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(failed).toBe(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(failed).toBe(3);
  fail = false;
  await vi.advanceTimersByTimeAsync(4_100);
  expect(prepared).toBe(1);
  warm.close();
});

it("tries freshly for whoever asks while it waits to try again", async () => {
  fail = true;
  start();
  await vi.advanceTimersByTimeAsync(100);
  fail = false;
  const taken = warm.take();
  await vi.advanceTimersByTimeAsync(100);
  expect((await taken).number).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  warm.close();
});

it("tries once more for whoever got one that failed", async () => {
  fail = true;
  start();
  const taken = warm.take();
  await vi.advanceTimersByTimeAsync(99);
  setTimeout(() => {
    fail = false;
  }, 2);
  await vi.advanceTimersByTimeAsync(101);
  expect((await taken).number).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  warm.close();
});

it("says so when the fresh try fails too", async () => {
  fail = true;
  start();
  const taken = expect(warm.take()).rejects.toThrow("not now");
  await vi.advanceTimersByTimeAsync(200);
  await taken;
  await vi.advanceTimersByTimeAsync(100);
  warm.close();
});

it("closes the one that nobody took, and gives none after", async () => {
  start();
  await vi.advanceTimersByTimeAsync(100);
  warm.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(made[0]?.close).toHaveBeenCalledOnce();
  await expect(warm.take()).rejects.toThrow("closing");
});
