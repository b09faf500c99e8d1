import { expect, test } from "vitest";
import { MinifiedPermissions, minify } from "./minified-permissions.ts";
import type { Permissions } from "./permissions.ts";

const LONG: Permissions = {
  hasPresence: false,
  canSend: ["audio", "screenVideo"],
  canReceive: {
    base: { audio: true, customAudio: { "*": true } },
    byUserId: { "user-1": false },
    byParticipantId: { "a-session": { video: true } },
  },
  canAdmin: ["participants", "transcription"],
};
const SHORT = {
  hp: false,
  cs: "a,sv",
  cr: { b: { a: true, ca: { "*": true } }, u: { "user-1": false }, p: { "a-session": { v: true } } },
  ca: "p,t",
};

test("a claim is read by its short names", () => {
  expect(MinifiedPermissions.parse(SHORT)).toEqual(LONG);
});

test("and written by them", () => {
  expect(JSON.parse(JSON.stringify(minify(LONG)))).toEqual(SHORT);
});

test.each([
  [{}, {}],
  [{ cs: "" }, { canSend: [] }],
  [
    { cs: true, ca: false },
    { canSend: true, canAdmin: false },
  ],
])("%j is %j", (short, long) => {
  expect(MinifiedPermissions.parse(short)).toEqual(long);
  expect(JSON.parse(JSON.stringify(minify(long)))).toEqual(short);
});

test.each([
  { cs: "a,x" },
  { cs: "a,a" },
  { cs: "a," },
  { cs: ["a"] },
  { ca: "v" },
  { cr: true },
  { cr: { base: true } },
  { canSend: true },
])("%j is refused", (claim) => {
  expect(MinifiedPermissions.safeParse(claim).success).toBe(false);
});
