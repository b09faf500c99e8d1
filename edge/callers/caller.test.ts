import { expect, test } from "vitest";
import { type Caller, mayUse, ownerOf } from "./caller.ts";

const ada: Caller = { kind: "user", subject: "token:ada" };
const bob: Caller = { kind: "user", subject: "token:bob" };
const operator: Caller = { kind: "operator", subject: "operator:ops" };
const anonymous: Caller = { kind: "anonymous" };

test.each([
  ["the user who started it", ada, ada, true],
  ["another user", ada, bob, false],
  ["an operator", ada, operator, true],
  ["somebody without a subject", ada, anonymous, false],
  ["somebody without a subject, of a session of such a one", anonymous, anonymous, true],
  ["a user, of a session without a subject", anonymous, ada, true],
  ["a user, of an operator's session", operator, ada, false],
  ["another operator", operator, { kind: "operator", subject: "operator:other" } as const, true],
])("a session may be used by %s: %#", (_, starter, caller, allowed) => {
  expect(mayUse(caller, ownerOf(starter))).toBe(allowed);
});
