import { expect, it } from "vitest";
import { describe } from "./describe.ts";

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJyIjoiZGVtbyIsInVkIjoiYm90In0.c2lnbmF0dXJlLW9mLWl0";

it.each<[string, unknown, string]>([
  ["an error", new TypeError("broken"), "TypeError: broken"],
  ["an error with its cause", new Error("outer", { cause: "inner" }), "Error: outer (inner)"],
  ["an event of daily-js", { action: "error", errorMsg: "no such room" }, "no such room"],
  ["a string", "broken", "broken"],
  ["nothing", undefined, "undefined"],
])("says what %s says", (_, thrown, text) => {
  expect(describe(thrown)).toBe(text);
});

it("never lets a meeting token through, wherever it stands", () => {
  for (const thrown of [new Error(`token=${TOKEN}&x`), TOKEN, { errorMsg: `bad ${TOKEN}` }]) {
    expect(describe(thrown)).not.toContain("eyJ");
  }
});

it("never lets the page's address through, which holds its secret", () => {
  const thrown = new Error("Unable to load http://127.0.0.1:4711/the-secret/audio.worklet.js");
  expect(describe(thrown)).toBe("Error: Unable to load http://127.0.0.1:4711/…");
});

it("is bounded", () => {
  expect(describe("x".repeat(10_000)).length).toBeLessThanOrEqual(500);
});
