import { expect, test } from "vitest";
import { nextEjection } from "./ejection.ts";
import type { RoomProperties } from "./room-properties.ts";
import type { Claims } from "./token-properties.ts";

const JOINED_AT_MS = 1_000_000;

function ask(config: RoomProperties, token?: Partial<Claims>) {
  const claims = token && { d: "domain", iat: 0, ...token };
  const next = nextEjection({ config, claims, joinedAtMs: JOINED_AT_MS });
  return next && [next.atMs, next.error.type];
}

test("nobody has to go unless something says so", () => {
  expect(ask({})).toBe(undefined);
  expect(ask({ exp: 2_000 }, { exp: 2_000 })).toBe(undefined);
  expect(ask({ eject_at_room_exp: true }, { ejt: true })).toBe(undefined);
});

test("the room's end, or so many seconds after the join, whatever is first", () => {
  expect(ask({ exp: 2_000, eject_at_room_exp: true })).toEqual([2_000_000, "exp-room"]);
  expect(ask({ eject_after_elapsed: 30 })).toEqual([1_030_000, "ejected"]);
  expect(ask({ exp: 1_010, eject_at_room_exp: true, eject_after_elapsed: 30 })).toEqual([
    1_010_000,
    "exp-room",
  ]);
});

test("the token's end, or so many seconds after the join, whatever is first", () => {
  expect(ask({}, { exp: 2_000, ejt: true })).toEqual([2_000_000, "exp-token"]);
  expect(ask({}, { exp: 2_000, ejt: true, eje: 5 })).toEqual([1_005_000, "ejected"]);
});

test("a token with either of its eject properties overrides both of the room's", () => {
  const room = { exp: 1_001, eject_at_room_exp: true, eject_after_elapsed: 1 };
  expect(ask(room, { eje: 60 })).toEqual([1_060_000, "ejected"]);
  expect(ask(room, { ejt: true, exp: 5_000 })).toEqual([5_000_000, "exp-token"]);
  expect(ask(room, { ejt: true })).toBe(undefined);
  expect(ask(room, { ejt: false, exp: 5_000 })).toEqual([1_001_000, "exp-room"]);
});
