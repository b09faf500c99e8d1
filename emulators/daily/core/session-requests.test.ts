import { expect, test } from "vitest";
import { EjectRequest, SendAppMessage, SetSessionData } from "./session-requests.ts";

test("at most a hundred are ejected at once", () => {
  expect(EjectRequest.parse({})).toEqual({ ids: [], user_ids: [], ban: false });
  expect(EjectRequest.safeParse({ ids: Array(100).fill("x") }).success).toBe(true);
  expect(EjectRequest.safeParse({ ids: Array(101).fill("x") }).success).toBe(false);
  expect(EjectRequest.safeParse({ user_ids: Array(101).fill("x") }).success).toBe(false);
  expect(EjectRequest.safeParse({ userIds: [] }).success).toBe(false);
});

test("an app message is an object of at most 4 kB, for everybody unless it says for whom", () => {
  expect(SendAppMessage.parse({ data: { a: 1 } })).toEqual({ data: { a: 1 }, recipient: "*" });
  const sized = (chars: number) => ({ data: { a: "x".repeat(chars - '{"a":""}'.length) } });
  expect(SendAppMessage.safeParse(sized(4096)).success).toBe(true);
  expect(SendAppMessage.safeParse(sized(4097)).success).toBe(false);
  expect(SendAppMessage.safeParse({ data: { a: "é".repeat(2_100) } }).success).toBe(false);
  for (const body of [
    {},
    { data: "text" },
    { data: [] },
    { data: {}, recipient: "" },
    { data: {}, to: "*" },
  ]) {
    expect(SendAppMessage.safeParse(body).success).toBe(false);
  }
});

test("keys are deleted only where data are merged", () => {
  expect(SetSessionData.parse({})).toEqual({ data: {}, mergeStrategy: "replace" });
  const merge = { data: {}, mergeStrategy: "shallow-merge", keysToDelete: ["a"] };
  expect(SetSessionData.parse(merge)).toEqual(merge);
  expect(SetSessionData.safeParse({ ...merge, mergeStrategy: "replace" }).success).toBe(false);
  expect(SetSessionData.safeParse({ ...merge, mergeStrategy: "deep-merge" }).success).toBe(false);
});

test("what is nested so deep that the stack would overflow is refused, and not thrown at", () => {
  const nested = (levels: number) => JSON.parse(`{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`);
  for (const schema of [SendAppMessage, SetSessionData]) {
    expect(schema.safeParse({ data: nested(100) }).success).toBe(true);
    expect(schema.safeParse({ data: nested(101) }).success).toBe(false);
    expect(schema.safeParse({ data: nested(30_000) }).success).toBe(false);
  }
});
