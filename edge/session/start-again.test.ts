import { describe, expect, test } from "vitest";
import type { SessionRecord } from "./record.ts";
import { againOf, isSameStart } from "./start-again.ts";

const NOW = 1_000_000;

function session(given: {
  life?: SessionRecord["life"];
  roomReady?: boolean;
  hostId?: string | undefined;
  attempt?: number;
  expiresAt?: number;
}): Parameters<typeof againOf>[0] {
  const { life = { state: "starting" }, roomReady = true, attempt = 1, expiresAt = NOW + 1 } = given;
  return {
    life,
    room: { name: "r", url: "https://example.daily.co/r", owned: true, ready: roomReady },
    bot: {
      attempt,
      hostId: "hostId" in given ? given.hostId : "host",
      how: undefined,
      told: 0,
      joinedAt: undefined,
      appliedSeq: 0,
      link: { kind: "none" },
    },
    expiresAt,
  };
}

const recovering = { state: "recovering", since: NOW, step: { kind: "pausing", until: NOW } } as const;
const ended = (reason: "stopped" | "client_left" | "never_joined" | "daily_failed" | "no_capacity") =>
  ({ state: "failed", reason, endedAt: NOW - 1 }) as const;

describe("a start that is asked for again", () => {
  test.each([
    ["lives", session({})],
    ["lives", session({ life: { state: "active" } })],
    ["lives", session({ life: recovering, attempt: 2, hostId: undefined })],
    ["ended", session({ life: ended("client_left") })],
    ["ended", session({ life: ended("never_joined") })],
    ["ended", session({ expiresAt: NOW })],
    ["ended", session({ life: ended("stopped"), roomReady: false, hostId: undefined })],
    ["failed", session({ life: ended("daily_failed"), roomReady: false })],
    ["failed", session({ life: ended("no_capacity"), hostId: undefined })],
    // Cut off, and ended by its alarm before anybody asked again.
    ["failed", session({ life: ended("never_joined"), hostId: undefined })],
    ["cut-off", session({ roomReady: false })],
    ["cut-off", session({ hostId: undefined })],
  ] as const)("finds that it %s: %#", (what, record) => {
    expect(againOf(record, NOW)).toBe(what);
  });
});

test("starts are the same by what they ask for, and never without a key", () => {
  expect(isSameStart({ fingerprint: "a" }, { fingerprint: "a" })).toBe(true);
  expect(isSameStart({ fingerprint: "a" }, { fingerprint: "b" })).toBe(false);
  expect(isSameStart({ fingerprint: undefined }, { fingerprint: undefined })).toBe(false);
});
