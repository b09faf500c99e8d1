import { expect, it } from "vitest";
import { conversationName } from "./conversation-name.ts";

it.each([
  ["0123456789abcdef0123456789abcdef", "session-0123456789abcdef0123456789abcdef"],
  ["Ünder/Way:1", "session--nder-way-1"],
  ["x".repeat(64), `session-${"x".repeat(55)}`],
])("%s is called %s", (sessionId, name) => {
  expect(conversationName(sessionId)).toBe(name);
  expect(name).toMatch(/^[a-z0-9_-]{1,63}$/);
});
