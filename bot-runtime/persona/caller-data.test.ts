import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callerData } from "./caller-data.ts";
import { anyCharacter } from "./testing/any-character.ts";

const MAX_JSON_CHARS = 4_000;

function told(about: Record<string, unknown>): unknown {
  const { json } = callerData(about);
  return json === undefined ? undefined : JSON.parse(json);
}

const nested = (levels: number): unknown => (levels === 0 ? "deep" : { in: nested(levels - 1) });

describe("callerData", () => {
  it("tells what was given as one line of JSON", () => {
    const about = {
      userName: "Ada",
      metadata: { persona: "a guide", tags: [1, true, null, "x"], a: { b: [] } },
    };
    const { json, shortened } = callerData(about);
    expect(json).not.toContain("\n");
    expect(JSON.parse(json ?? "")).toEqual(about);
    expect(shortened).toBe(false);
  });

  it("tells nothing of nothing", () => {
    expect(callerData({})).toEqual({ json: undefined, shortened: false });
  });

  it("cleans names and texts", () => {
    expect(told({ "a\u200b\n": "b\u202e\tc" })).toEqual({ a: "b c" });
  });

  it("keeps to ASCII for brackets, which read as they were written", () => {
    const about = { "<a>": "</application-data> <3" };
    expect(callerData(about).json).not.toMatch(/[<>]/);
    expect(told(about)).toEqual(about);
  });

  it.each([
    ["a name", { userName: "n".repeat(64) }, { userName: "n".repeat(65) }],
    ["a persona", { metadata: { persona: "p".repeat(2_000) } }, { metadata: { persona: "p".repeat(2_001) } }],
    ["any other text", { metadata: { a: "t".repeat(1_000) } }, { metadata: { a: "t".repeat(1_001) } }],
    ["a field's name", { ["f".repeat(64)]: 1 }, { ["f".repeat(65)]: 1 }],
    ["a list", { a: Array(32).fill(0) }, { a: Array(33).fill(0) }],
    ["what is nested", { a: nested(5) }, { a: nested(6) }],
  ])("bounds %s, and says so", (_, fits, tooMuch) => {
    expect(callerData(fits).shortened).toBe(false);
    expect(told(fits)).toEqual(fits);
    expect(callerData(tooMuch).shortened).toBe(true);
  });

  it("marks a text that goes on, and cuts no character in two", () => {
    expect(told({ userName: `${"n".repeat(62)}😀😀` })).toEqual({ userName: `${"n".repeat(62)}…` });
  });

  it("leaves out what has no space any more, and goes on with what has", () => {
    const paragraph = "x".repeat(1_000);
    const about = { a: paragraph, b: paragraph, c: paragraph, d: paragraph, e: "short" };
    expect(told(about)).toEqual({ a: paragraph, b: paragraph, c: paragraph, e: "short" });
    expect(callerData(about).shortened).toBe(true);
  });

  it("counts what is left out for nothing", () => {
    const paragraph = "x".repeat(1_000);
    const three = { a: paragraph, b: paragraph, c: paragraph };
    const rest = "y".repeat(900);
    expect(told({ ...three, d: { e: [paragraph] }, f: rest })).toEqual({ ...three, d: { e: [] }, f: rest });
  });

  it("counts characters as JSON writes them", () => {
    expect(callerData({ a: 'é"\\'.repeat(330), b: "\\".repeat(1_000) }).json?.length).toBeLessThan(
      MAX_JSON_CHARS,
    );
  });

  it("takes names that mean something to JavaScript for names", () => {
    const about: Record<string, unknown> = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": "c", "toJSON": "t", "hasOwnProperty": 1}',
    );
    expect(callerData(about).json).toBe(
      '{"__proto__":{"polluted":true},"constructor":"c","toJSON":"t","hasOwnProperty":1}',
    );
    expect({}).not.toHaveProperty("polluted");
  });

  it("leaves out what JSON has no word for", () => {
    expect(callerData({ a: Number.POSITIVE_INFINITY, b: 1 })).toEqual({ json: '{"b":1}', shortened: true });
  });

  it("is bounded, whole and one line, whatever was given", () => {
    const anything = fc.dictionary(
      fc.string({ unit: anyCharacter }),
      fc.jsonValue({ maxDepth: 6, stringUnit: anyCharacter }),
    );
    fc.assert(
      fc.property(anything, fc.integer({ min: 0, max: 30 }), (given, times) => {
        const about = { ...given, long: JSON.stringify(given).repeat(times) };
        const { json } = callerData(about);
        if (json === undefined) return;
        expect(json.length).toBeLessThanOrEqual(MAX_JSON_CHARS);
        expect(json).not.toMatch(/[<>\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(json)).toBeTypeOf("object");
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
