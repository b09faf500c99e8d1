import { expect, test } from "vitest";
import { CreateRoom, UpdateRoom, withoutDefaults } from "./room-properties.ts";

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
  ["an expiry in milliseconds", { properties: { exp: 1_800_000_000_000 } }],
  ["a stay of no time", { properties: { eject_after_elapsed: 0 } }],
  ["null for a property", { properties: { exp: null } }],
  ["more people than Daily lets in by default", { properties: { max_participants: 201 } }],
  ["no room for anybody", { properties: { max_participants: 0 } }],
  ["another privacy", { privacy: "secret" }],
  ["a name with a slash", { name: "a/b" }],
  ["a name that is too long", { name: "a".repeat(129) }],
  ["an empty name", { name: "" }],
])("%s is refused", (_name, request) => {
  expect(CreateRoom.safeParse(request).success).toBe(false);
});

test("an update may name nothing, but no room", () => {
  expect(UpdateRoom.parse({})).toEqual({});
  expect(UpdateRoom.safeParse({ name: "other" }).success).toBe(false);
});

test("what is at its default is not shown, as with Daily", () => {
  expect(withoutDefaults({ start_video_off: false, max_participants: 200, lang: "en" })).toEqual({});
  const shown = { start_video_off: true, max_participants: 3, enable_prejoin_ui: false, exp: 1 };
  expect(withoutDefaults({ ...shown, enable_chat: undefined })).toEqual(shown);
});
