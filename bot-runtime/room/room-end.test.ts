import { expect, it } from "vitest";
import type { RoomEnd } from "./room.ts";
import { roomEndOf } from "./room-end.ts";

it.each<[string, RoomEnd]>([
  ["ejected", { kind: "ejected" }],
  ["exp-room", { kind: "expired" }],
  ["exp-token", { kind: "expired" }],
  ["no-room", { kind: "failed", detail: "no-room: text" }],
  ["connection-error", { kind: "failed", detail: "connection-error: text" }],
  ["something new", { kind: "failed", detail: "something new: text" }],
  ["left", { kind: "failed", detail: "The call ended without a reason" }],
])("%s", (errorType, end) => {
  expect(roomEndOf(errorType, "text")).toEqual(end);
});
