import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inTime } from "./in-time.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("inTime", () => {
  const late: string[] = [];
  const options = { withinMs: 100, what: "The thing", late: (value: string) => late.push(value) };

  it("passes on what comes in time, and what fails", async () => {
    expect(await inTime(Promise.resolve("here"), options)).toBe("here");
    await expect(inTime(Promise.reject(new Error("broken")), options)).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
    expect(late).toEqual([]);
  });

  it("does not wait for ever, and lets go of what comes then", async () => {
    const work = Promise.withResolvers<string>();
    const waiting = expect(inTime(work.promise, options)).rejects.toThrow("The thing took more than 100 ms");
    await vi.advanceTimersByTimeAsync(100);
    await waiting;
    work.resolve("there");
    await vi.advanceTimersByTimeAsync(0);
    expect(late).toEqual(["there"]);
  });

  it("takes a failure that comes too late for nothing new", async () => {
    const work = Promise.withResolvers<string>();
    const waiting = expect(inTime(work.promise, options)).rejects.toThrow("took more");
    await vi.advanceTimersByTimeAsync(100);
    await waiting;
    work.reject(new Error("unhandled"));
    await vi.advanceTimersByTimeAsync(0);
  });
});
