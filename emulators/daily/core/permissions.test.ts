import { expect, test } from "vitest";
import { initialPermissions, Permissions } from "./permissions.ts";

const ask = (
  token: Permissions | undefined,
  room: Parameters<typeof initialPermissions>[0]["room"] = {},
  owner = false,
) => initialPermissions({ owner, token, room });

test("without a word anybody sends and receives everything, and administers nothing", () => {
  expect(ask(undefined)).toEqual({
    hasPresence: true,
    canSend: true,
    canReceive: { base: true },
    canAdmin: false,
  });
});

test("each permission is the token's, else the room's", () => {
  const room = { permissions: { canSend: ["video" as const], canAdmin: ["streaming" as const] } };
  expect(ask(undefined, room)).toMatchObject({ canSend: ["video"], canAdmin: ["streaming"] });
  expect(ask({ canSend: ["audio"], hasPresence: false }, room)).toEqual({
    hasPresence: false,
    canSend: ["audio"],
    canReceive: { base: true },
    canAdmin: ["streaming"],
  });
  expect(ask({ canSend: false }, room).canSend).toBe(false);
});

test("owners may do everything, whatever is said", () => {
  const nothing = { hasPresence: false, canSend: false, canReceive: { base: false }, canAdmin: false };
  expect(ask(nothing, { permissions: nothing, owner_only_broadcast: true }, true)).toEqual({
    hasPresence: true,
    canSend: true,
    canReceive: { base: true },
    canAdmin: true,
  });
});

test("where only owners broadcast, the others send nothing unless their token lets them", () => {
  const room = { owner_only_broadcast: true, permissions: { canSend: true } };
  expect(ask(undefined, room).canSend).toBe(false);
  expect(ask({ canSend: ["audio"] }, room).canSend).toEqual(["audio"]);
});

test("every permission has its type", () => {
  const permissions = {
    hasPresence: true,
    canSend: ["video", "audio", "screenVideo", "screenAudio", "customVideo", "customAudio"],
    canReceive: {
      base: { audio: true, customVideo: { "*": false } },
      byUserId: { "user-1": false },
      byParticipantId: { "a-session": { video: true } },
    },
    canAdmin: ["participants", "streaming", "transcription"],
  };
  expect(Permissions.parse(permissions)).toEqual(permissions);
});

test.each([
  { canSend: "audio" },
  { canSend: ["sound"] },
  { canSend: ["audio", "audio"] },
  { canAdmin: ["everything"] },
  { canReceive: true },
  { canReceive: { base: { sound: true } } },
  { canReceive: { byName: {} } },
  { canReceive: { byUserId: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [n, true])) } },
  { hasPresence: "yes" },
  { cs: "a" },
])("%j is refused", (permissions) => {
  expect(Permissions.safeParse(permissions).success).toBe(false);
});
