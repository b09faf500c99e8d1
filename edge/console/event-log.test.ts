import { describe, expect, it } from "vitest";
import { EventLog, jsonLines, MAX_ENTRIES } from "./event-log.ts";
import { MAX_DATA_CHARS, redactedJson } from "./redact.ts";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyIjoicm9vbSJ9.c2lnbmF0dXJl";
const at = Date.parse("2026-01-02T03:04:05.678Z");

describe("the event log", () => {
  it("finds entries by kind and by text, whatever the case", () => {
    const log = new EventLog();
    log.add("assistant", "bot-llm-text", { text: "Hello" });
    log.add("network", "interrupted");
    const names = (kind: "assistant" | undefined, text: string) =>
      log.matching({ ...(kind && { kind }), text }).map(({ name }) => name);
    expect(names(undefined, "")).toEqual(["bot-llm-text", "interrupted"]);
    expect(names("assistant", "")).toEqual(["bot-llm-text"]);
    expect(names(undefined, "hELLO")).toEqual(["bot-llm-text"]);
    expect(names("assistant", "interrupted")).toEqual([]);
  });

  it("is bounded, drops the oldest, and counts them", () => {
    const log = new EventLog();
    for (let i = 0; i < MAX_ENTRIES * 3; i++) log.add("page", `e${i}`);
    expect(log.count).toBeLessThanOrEqual(MAX_ENTRIES);
    expect(log.count).toBeGreaterThan(MAX_ENTRIES / 2);
    expect(log.count + log.dropped).toBe(MAX_ENTRIES * 3);
    expect(log.matching({ text: "" }).at(-1)?.name).toBe(`e${MAX_ENTRIES * 3 - 1}`);
  });

  it("is written as JSON lines", () => {
    const log = new EventLog({ now: () => at });
    log.add("assistant", "bot-output", { text: 'a "quote"\nand a line' });
    log.add("page", "idle");
    const lines = jsonLines(log.matching({ text: "" })).split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        ...{ at: "2026-01-02T03:04:05.678Z", kind: "assistant", name: "bot-output" },
        data: { text: 'a "quote"\nand a line' },
      },
      { at: "2026-01-02T03:04:05.678Z", kind: "page", name: "idle" },
    ]);
  });

  it("can be emptied", () => {
    const log = new EventLog();
    log.add("page", "idle");
    log.clear();
    expect([log.count, log.dropped]).toEqual([0, 0]);
  });

  it("never gives a number twice, so that what came right after it was emptied is seen as new", () => {
    const log = new EventLog();
    log.add("page", "before");
    const [before] = log.matching({ text: "" });
    log.clear();
    log.add("page", "after");
    const [after] = log.matching({ text: "" });
    expect(after?.seq).toBeGreaterThan(before?.seq ?? Number.POSITIVE_INFINITY);
  });
});

describe("what is logged", () => {
  it("holds no token, neither as a field nor in a text nor in an address", () => {
    const json = redactedJson({
      token: "abc",
      nested: [{ dailyToken: "abc", text: `Bearer ${JWT}` }],
      url: `https://x.daily.co/r?t=${JWT}#x`,
      authorization: "Bearer abc",
    });
    expect(json).not.toMatch(/abc|eyJ/);
    expect(json).toContain("https://x.daily.co/r");
  });

  it("holds counts of tokens, which are none", () => {
    expect(redactedJson({ tokens: [{ total_tokens: 7 }] })).toBe('{"tokens":[{"total_tokens":7}]}');
  });

  it("stays JSON and small, whatever is logged", () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const value of [
      "x".repeat(MAX_DATA_CHARS * 2),
      '"'.repeat(MAX_DATA_CHARS),
      circular,
      () => 1,
      null,
    ]) {
      const json = redactedJson(value);
      expect(json.length).toBeLessThanOrEqual(MAX_DATA_CHARS);
      expect(() => JSON.parse(json)).not.toThrow();
    }
    expect(redactedJson(undefined)).toBe("");
  });
});
