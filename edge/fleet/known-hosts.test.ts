import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KNOWN_MS, KnownHosts } from "./known-hosts.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("what was heard counts for a while, and the newest counts", () => {
  const hosts = new KnownHosts();
  hosts.note("a", { kind: "full" });
  hosts.note("a", { kind: "accepted", load: { active: 1, capacity: 8 } });
  expect(hosts.of("a")).toEqual({ kind: "takes", load: { active: 1, capacity: 8 } });
  vi.advanceTimersByTime(KNOWN_MS - 1);
  expect(hosts.of("a")).toBeDefined();
  vi.advanceTimersByTime(1);
  expect(hosts.of("a")).toBeUndefined();
});

test("a host that sleeps has no load worth knowing, and what was known before is forgotten", () => {
  const hosts = new KnownHosts();
  hosts.note("a", { kind: "full" });
  hosts.note("a", { kind: "asleep" });
  expect(hosts.of("a")).toBeUndefined();
});

test("it does not grow for ever: the oldest gives way", () => {
  const hosts = new KnownHosts();
  for (let i = 0; i <= 1_000; i++) hosts.note(String(i), { kind: "full" });
  expect(hosts.of("0")).toBeUndefined();
  expect(hosts.of("1")).toBeDefined();
  expect(hosts.of("1000")).toBeDefined();
});
