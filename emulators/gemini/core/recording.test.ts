import { expect, test, vi } from "vitest";
import { MAX_PIECES, MAX_RECORDING_MS, Recording, RecordingBudget } from "./recording.ts";

const second = new Int16Array(16_000).fill(1);

test("keeps sound in order, and counts it", () => {
  const recording = new Recording(16_000, new RecordingBudget(1e6, () => false));
  recording.push(Int16Array.of(1, 2));
  recording.push(Int16Array.of(-1));
  expect([...recording.bytes()]).toEqual([1, 0, 2, 0, 255, 255]);
  recording.push(second);
  expect(recording.durationMs).toBeCloseTo(1000.19, 1);
});

test("keeps ten minutes, and counts on", () => {
  const recording = new Recording(16_000, new RecordingBudget(1e9, () => false));
  for (let i = 0; i < MAX_RECORDING_MS / 1000 + 5; i++) recording.push(second);
  expect(recording.bytes().length).toBe((MAX_RECORDING_MS / 1000) * second.byteLength);
  expect(recording.durationMs).toBe(MAX_RECORDING_MS + 5000);
});

test("knows when each piece of what it keeps came, by the clock of the machine", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const startedAt = performance.timeOrigin + performance.now();
  const recording = new Recording(16_000, new RecordingBudget(1e6, () => false));
  recording.push(Int16Array.of(1, 2));
  vi.advanceTimersByTime(12.5);
  recording.push(Int16Array.of(3));
  expect(recording.pieces.map(({ samples }) => samples)).toEqual([2, 1]);
  const [first, second] = recording.pieces.map(({ atMs }) => atMs);
  expect((second ?? 0) - (first ?? 0)).toBeCloseTo(12.5, 1);
  vi.useRealTimers();
  expect(Math.abs((first ?? 0) - startedAt)).toBeLessThan(60_000);
  recording.clear();
  expect(recording.pieces).toEqual([]);
});

test("keeps so many pieces, however short they are, and counts on", () => {
  const recording = new Recording(16_000, new RecordingBudget(1e9, () => false));
  for (let i = 0; i < MAX_PIECES + 5; i++) recording.push(Int16Array.of(1));
  expect(recording.pieces).toHaveLength(MAX_PIECES);
  expect(recording.bytes()).toHaveLength(2 * MAX_PIECES);
  expect(recording.durationMs).toBe((MAX_PIECES + 5) / 16);
});

test("has no hole where the budget ran out for a while", () => {
  const budget = new RecordingBudget(4, () => false);
  const recording = new Recording(16_000, budget);
  recording.push(Int16Array.of(1));
  recording.push(Int16Array.of(2, 2));
  recording.push(Int16Array.of(3));
  expect([...recording.bytes()]).toEqual([1, 0]);
});

test("makes room by forgetting another, which then keeps nothing more", () => {
  const budget: RecordingBudget = new RecordingBudget(4, () => {
    const hadAny = old.keptBytes > 0;
    old.clear();
    return hadAny;
  });
  const old = new Recording(16_000, budget);
  old.push(Int16Array.of(1, 1));
  const young = new Recording(16_000, budget);
  young.push(Int16Array.of(2, 2));
  expect(young.bytes()).toHaveLength(4);
  old.push(Int16Array.of(1));
  expect(old.bytes()).toHaveLength(0);
  young.push(Int16Array.of(2));
  expect(young.bytes()).toHaveLength(4);
});
