import { expect, test } from "vitest";
import { CreateRoom, EjectRequest } from "./room-properties.ts";

test("nothing asked is a public room without properties, as with Daily", () => {
  expect(CreateRoom.parse({})).toEqual({ privacy: "public", properties: {} });
});

test("documented properties are kept as given", () => {
  const properties = {
    exp: 1_800_000_000,
    eject_at_room_exp: true,
    max_participants: 3,
    enable_prejoin_ui: false,
    enable_chat: false,
    start_video_off: true,
    enable_recording: "cloud",
    sfu_switchover: 0.5,
  };
  expect(CreateRoom.parse({ name: "a-b_C1", privacy: "private", properties }).properties).toEqual(properties);
});

test.each([
  ["a misspelt property", { properties: { eject_at_room_expiry: true } }],
  ["an unknown field", { properties: {}, owner: "me" }],
  ["an expiry in text", { properties: { exp: "1800000000" } }],
  ["an expiry with a fraction", { properties: { exp: 1.5 } }],
  ["an expiry that no date can hold", { properties: { exp: 8_640_000_000_001 } }],
  ["a stay that no date can hold", { properties: { eject_after_elapsed: 8_640_000_000_000 } }],
  ["no room for anybody", { properties: { max_participants: 0 } }],
  ["another privacy", { privacy: "secret" }],
  ["a name with a slash", { name: "a/b" }],
  ["a name that is too long", { name: "a".repeat(129) }],
  ["an empty name", { name: "" }],
])("%s is refused", (_name, request) => {
  expect(CreateRoom.safeParse(request).success).toBe(false);
});

test("at most a hundred are ejected at once", () => {
  expect(EjectRequest.parse({})).toEqual({ ids: [], user_ids: [] });
  expect(EjectRequest.safeParse({ ids: Array(101).fill("x") }).success).toBe(false);
  expect(EjectRequest.safeParse({ userIds: [] }).success).toBe(false);
});
