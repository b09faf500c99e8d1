import { expect, test } from "vitest";
import { refuseEntry } from "./entry.ts";
import { newRoom } from "./room.ts";
import type { RoomProperties } from "./room-properties.ts";

const NOW_S = 1_800_000_000;
const claims = { d: "domain", iat: NOW_S };

function ask(
  properties: RoomProperties,
  token: { exp?: number; nbf?: number; k?: boolean } | null = {},
  { present = 0, privacy = "private" as "private" | "public", nowMs = NOW_S * 1000, banned = false } = {},
) {
  const room = newRoom({ name: "room", privacy, properties });
  return refuseEntry({ room, claims: token ? { ...claims, ...token } : undefined, banned, present, nowMs })
    ?.type;
}

test("an open room and a good token let in", () => {
  expect(
    ask({ nbf: NOW_S, exp: NOW_S + 1, max_participants: 2 }, { nbf: NOW_S, exp: NOW_S + 1 }, { present: 1 }),
  ).toBe(undefined);
});

test("a private room asks for a token, a public one does not", () => {
  expect(ask({}, null)).toBe("not-allowed");
  expect(ask({}, null, { privacy: "public" })).toBe(undefined);
});

test.each([
  ["nbf-token", {}, { nbf: NOW_S + 1 }],
  ["exp-token", {}, { exp: NOW_S }],
  ["nbf-room", { nbf: NOW_S + 1 }, {}],
  ["exp-room", { exp: NOW_S }, {}],
  ["exp-token", { exp: NOW_S - 5 }, { exp: NOW_S - 5 }],
] as const)("%s", (type, properties, token) => {
  expect(ask(properties, token)).toBe(type);
});

test("times are exact to the millisecond", () => {
  expect(ask({ exp: NOW_S }, {}, { nowMs: NOW_S * 1000 - 1 })).toBe(undefined);
  expect(ask({ nbf: NOW_S }, {}, { nowMs: NOW_S * 1000 - 1 })).toBe("nbf-room");
});

test("a full room", () => {
  expect(ask({ max_participants: 2 }, {}, { present: 1 })).toBe(undefined);
  expect(ask({ max_participants: 2 }, {}, { present: 2 })).toBe("meeting-full");
  expect(ask({}, {}, { present: 200 })).toBe("meeting-full");
});

test("who is banned is not allowed", () => {
  expect(ask({}, {}, { banned: true })).toBe("not-allowed");
});

test("who would have to knock is not allowed, since there is no lobby", () => {
  const knocking = { enable_knocking: true };
  expect(ask(knocking, null)).toBe("not-allowed");
  expect(ask(knocking, { k: true })).toBe("not-allowed");
  expect(ask(knocking, { k: true }, { privacy: "public" })).toBe("not-allowed");
});

test("a token spares the knock, and in a public room there is none", () => {
  const knocking = { enable_knocking: true };
  expect(ask(knocking, {})).toBe(undefined);
  expect(ask(knocking, null, { privacy: "public" })).toBe(undefined);
  expect(ask({}, { k: true })).toBe(undefined);
});
