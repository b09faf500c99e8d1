import { expect, test } from "vitest";
import { randomOf } from "../../../test/support/random.ts";
import { ContextClock } from "./context-clock.ts";

const RATE = 48_000;
const QUANTUM = 480;
const ORIGIN_MS = 1_795_189_000_000;

/** Pieces of 10 ms as they come: each up to so much late. */
function hear(
  clock: ContextClock,
  pieces: { from: number; to: number; lateMs: number; stoodStillMs?: number },
): void {
  const random = randomOf(5);
  for (let piece = pieces.from; piece < pieces.to; piece += 1) {
    const renderedMs = ORIGIN_MS + piece * 10 + (pieces.stoodStillMs ?? 0);
    clock.heard(piece * QUANTUM, renderedMs + 0.1 + random() * pieces.lateMs);
  }
}

test("tells a sample's time to half a millisecond, though most pieces come late", () => {
  const clock = new ContextClock(RATE);
  hear(clock, { from: 0, to: 500, lateMs: 8 });
  // The 500 pieces of two seconds: one of them was hardly late.
  expect(Math.abs(clock.epochMs(480_000) - (ORIGIN_MS + 10_000))).toBeLessThan(0.5);
  expect(clock.slips).toBe(0);
});

test("a context that stood still counts from there on", () => {
  const clock = new ContextClock(RATE);
  hear(clock, { from: 0, to: 300, lateMs: 1 });
  hear(clock, { from: 300, to: 380, lateMs: 1, stoodStillMs: 70 });
  expect(clock.slips).toBe(1);
  expect(Math.abs(clock.epochMs(380 * QUANTUM) - (ORIGIN_MS + 3_800 + 70))).toBeLessThan(1);
});

test("clocks that drift apart are followed, and that is no standstill", () => {
  const clock = new ContextClock(RATE);
  // A tenth of a percent: a thousand times what quartz does.
  for (let piece = 0; piece < 3_000; piece += 1) clock.heard(piece * QUANTUM, ORIGIN_MS + piece * 10.01);
  expect(Math.abs(clock.epochMs(3_000 * QUANTUM) - (ORIGIN_MS + 30_030))).toBeLessThan(3);
  expect(clock.slips).toBe(0);
});

test("does not guess before anything was heard", () => {
  expect(() => new ContextClock(RATE).epochMs(0)).toThrow("not said its time");
});
