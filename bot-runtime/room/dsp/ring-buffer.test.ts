import { describe, expect, it } from "vitest";
import { RingBuffer } from "./ring-buffer.ts";
import { seededRandom } from "./signals.ts";

function contents(ring: RingBuffer): number[] {
  return Array.from({ length: ring.length }, (_, index) => ring.peek(index));
}

describe("RingBuffer", () => {
  it("gives back what was pushed, oldest first", () => {
    const ring = new RingBuffer(4);
    expect(ring.push(Int16Array.of(1, 2, 3))).toBe(3);
    expect(contents(ring)).toEqual([1, 2, 3]);
    expect(ring.drop(2)).toBe(2);
    expect(contents(ring)).toEqual([3]);
  });

  it("goes on past its end", () => {
    const ring = new RingBuffer(4);
    ring.push(Int16Array.of(1, 2, 3));
    ring.drop(3);
    ring.push(Int16Array.of(4, 5, 6, 7));
    expect(contents(ring)).toEqual([4, 5, 6, 7]);
  });

  it("refuses the newest when full, and counts them", () => {
    const ring = new RingBuffer(4);
    ring.push(Int16Array.of(1, 2, 3));
    expect(ring.push(Int16Array.of(4, 5, 6))).toBe(1);
    expect(contents(ring)).toEqual([1, 2, 3, 4]);
    expect(ring.refused).toBe(2);
    expect(ring.push(Int16Array.of(7))).toBe(0);
    expect(ring.refused).toBe(3);
  });

  it("drops no more than there is, and nothing backwards", () => {
    const ring = new RingBuffer(4);
    ring.push(Int16Array.of(1, 2));
    expect(ring.drop(5)).toBe(2);
    expect(ring.drop(5)).toBe(0);
    ring.push(Int16Array.of(3));
    expect(ring.drop(-1)).toBe(0);
    expect(contents(ring)).toEqual([3]);
  });

  it("is silent outside of what it holds", () => {
    const ring = new RingBuffer(4);
    ring.push(Int16Array.of(1, 2, 3));
    ring.drop(1);
    expect(ring.peek(2)).toBe(0);
    expect(ring.peek(-1)).toBe(0);
  });

  it.each([0, -1, 1.5, Number.NaN])("cannot have a capacity of %d", (capacity) => {
    expect(() => new RingBuffer(capacity)).toThrow(RangeError);
  });

  it.each([1, 2, 3, 7, 64])("does as a plain array does, with capacity %i", (capacity) => {
    const random = seededRandom(capacity);
    const ring = new RingBuffer(capacity);
    const model: number[] = [];
    let next = 0;
    for (let step = 0; step < 2_000; step++) {
      if (random() < 0.5) {
        const samples = Int16Array.from(
          { length: Math.floor(random() * capacity * 1.5) },
          () => next++ % 30_000,
        );
        const accepted = Math.min(samples.length, capacity - model.length);
        model.push(...samples.subarray(0, accepted));
        expect(ring.push(samples)).toBe(accepted);
      } else {
        const count = Math.floor(random() * capacity * 1.5);
        expect(ring.drop(count)).toBe(model.splice(0, count).length);
      }
      expect(ring.length).toBe(model.length);
      expect(contents(ring)).toEqual(model);
    }
  });
});
