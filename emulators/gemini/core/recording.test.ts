import { expect, test } from "vitest";
import { MAX_RECORDING_MS, Recording, RecordingBudget } from "./recording.ts";

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
