import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PULSE_EVERY_MS } from "./host-limits.ts";
import { Pulse } from "./pulse.ts";

let asked: PromiseWithResolvers<void>[];
let silent: number;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  silent = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

function pulse(): Pulse {
  return new Pulse({
    ping: () => {
      const answer = Promise.withResolvers<void>();
      asked.push(answer);
      return answer.promise;
    },
    silent: () => silent++,
  });
}

const looks = (count: number) => vi.advanceTimersByTimeAsync(count * PULSE_EVERY_MS);

describe("Pulse", () => {
  it("asks again and again, and is content with every answer", async () => {
    using _ = pulse();
    for (let look = 1; look <= 20; look++) {
      await looks(1);
      expect(asked).toHaveLength(look);
      asked.at(-1)?.resolve();
    }
    expect(silent).toBe(0);
  });

  it("tells of a silence once, and stops", async () => {
    using _ = pulse();
    await looks(3);
    expect([asked.length, silent]).toEqual([1, 0]);
    await looks(1);
    expect(silent).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts refusals, too, but only in a row", async () => {
    using _ = pulse();
    for (const fails of [true, true, false, true, true]) {
      await looks(1);
      if (fails) asked.at(-1)?.reject(new Error("no"));
      else asked.at(-1)?.resolve();
    }
    await looks(0);
    expect(silent).toBe(0);
    await looks(1);
    asked.at(-1)?.reject(new Error("no"));
    await looks(0);
    expect(silent).toBe(1);
  });

  it("does not blame others for a time when it was itself stopped", async () => {
    using _ = pulse();
    await looks(1);
    // The timer comes once, however long it was; then the answer that has been waiting.
    vi.setSystemTime(Date.now() + 3_600_000);
    await looks(1);
    asked.at(-1)?.resolve();
    await looks(2);
    asked.at(-1)?.resolve();
    expect(silent).toBe(0);
  });
});
