import { expect, test } from "vitest";
import { type LimitedKind, RateLimits } from "./rate-limits.ts";

/** How many of so many calls at one moment are let through. */
function burst(
  limits: RateLimits,
  { kind, calls, atMs }: { kind: LimitedKind; calls: number; atMs: number },
) {
  return Array.from({ length: calls }, () => limits.admit(kind, atMs)).filter(Boolean).length;
}

test("off, nothing is refused", () => {
  expect(burst(new RateLimits(false), { kind: "standard", calls: 1_000, atMs: 0 })).toBe(1_000);
});

test("most calls: a hundred in any five seconds", () => {
  const limits = new RateLimits(true);
  expect(burst(limits, { kind: "standard", calls: 60, atMs: 0 })).toBe(60);
  expect(burst(limits, { kind: "standard", calls: 60, atMs: 4_000 })).toBe(40);
  expect(burst(limits, { kind: "standard", calls: 1, atMs: 4_999 })).toBe(0);
  expect(burst(limits, { kind: "standard", calls: 200, atMs: 5_000 })).toBe(60);
  expect(burst(limits, { kind: "standard", calls: 200, atMs: 9_000 })).toBe(40);
});

test("twenty a second go on for ever", () => {
  const limits = new RateLimits(true);
  const refused = Array.from({ length: 2_000 }, (_, n) => limits.admit("standard", n * 50)).indexOf(false);
  expect(refused).toBe(-1);
});

test("deletions: fifty in any thirty seconds, and they do not count among the others", () => {
  const limits = new RateLimits(true);
  expect(burst(limits, { kind: "deletion", calls: 60, atMs: 0 })).toBe(50);
  expect(burst(limits, { kind: "standard", calls: 100, atMs: 0 })).toBe(100);
  expect(burst(limits, { kind: "deletion", calls: 1, atMs: 29_999 })).toBe(0);
  expect(burst(limits, { kind: "deletion", calls: 60, atMs: 30_000 })).toBe(50);
});

test("a refused call does not put off the next that is let through", () => {
  const limits = new RateLimits(true);
  burst(limits, { kind: "standard", calls: 100, atMs: 0 });
  for (let ms = 0; ms < 5_000; ms += 100) expect(limits.admit("standard", ms)).toBe(false);
  expect(limits.admit("standard", 5_000)).toBe(true);
});

test("setting them forgets what was counted", () => {
  const limits = new RateLimits(true);
  burst(limits, { kind: "deletion", calls: 50, atMs: 0 });
  limits.set(true);
  expect(limits.admit("deletion", 1)).toBe(true);
});
