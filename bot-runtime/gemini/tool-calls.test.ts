import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GeminiNote } from "./note.ts";
import { type FinishedCall, ToolCalls, type ToolEvent } from "./tool-calls.ts";
import { GET_TIME, type Tool } from "./tools.ts";

const aborted: string[] = [];
const named = (name: string, run: Tool["run"]): Tool => ({ declaration: { name, description: "" }, run });
const TOOLS: Tool[] = [
  named("quick", async (args) => ({ args })),
  named("slow", (_args, signal) => {
    signal.addEventListener("abort", () => aborted.push("slow"));
    return new Promise((resolve) => setTimeout(() => resolve({ done: true }), 5_000));
  }),
  named("stuck", () => new Promise(() => {})),
  named("throws", () => {
    throw new Error("secret");
  }),
  named("rejects", () => Promise.reject(new Error("secret"))),
  named("circular", async () => {
    const response: Record<string, unknown> = {};
    response.itself = response;
    return response;
  }),
  named("huge", async () => ({ words: "x".repeat(40_000) })),
  // What somebody writes who does not heed the types.
  named("nothing", async () => JSON.parse("null")),
  named("list", async () => JSON.parse("[1]")),
  GET_TIME,
];

function setUp() {
  aborted.length = 0;
  const events: ToolEvent[] = [];
  const finished: FinishedCall[] = [];
  const notes: GeminiNote[] = [];
  const calls = new ToolCalls({
    tools: TOOLS,
    onEvent: (event) => events.push(event),
    onFinished: (call) => finished.push(call),
    note: (note) => notes.push(note),
  });
  return { calls, events, finished, notes };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("ToolCalls", () => {
  it("runs calls side by side, each finished by its id, and one that comes twice once", async () => {
    const { calls, finished } = setUp();
    expect(
      calls.begin(
        [
          { id: "1", name: "slow" },
          { id: "2", name: "quick", args: { a: 1 } },
        ],
        7,
      ),
    ).toBe(2);
    expect(calls.begin([{ id: "1", name: "slow" }], 7)).toBe(0);
    expect(calls.runningOf(7)).toBe(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(finished).toEqual([
      { id: "2", name: "quick", response: { args: { a: 1 } }, asker: 7 },
      { id: "1", name: "slow", response: { done: true }, asker: 7 },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["nobody", "unknown", "There is no such function."],
    ["throws", "failed", "The function failed."],
    ["rejects", "failed", "The function failed."],
    ["stuck", "timeout", "The function took too long."],
    ["circular", "failed", "The function failed."],
    ["nothing", "failed", "The function failed."],
    ["list", "failed", "The function failed."],
    ["huge", "failed", "The function's result is too long."],
  ])("answers for %s, without its words", async (name, outcome, error) => {
    const { calls, finished, notes } = setUp();
    calls.begin([{ id: "1", name }], 1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(finished).toEqual([{ id: "1", name, response: { error }, asker: 1 }]);
    expect(notes).toEqual([{ kind: "tool", name, outcome, ms: expect.any(Number) }]);
    expect(JSON.stringify([finished, notes])).not.toContain("secret");
  });

  it("begins a call once that stands twice in a message", async () => {
    const { calls, finished } = setUp();
    const call = { id: "1", name: "slow" };
    expect(calls.begin([call, call], 1)).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(finished).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("cancels, for the connection that asked alone, and tells no result after it", async () => {
    const { calls, finished, events } = setUp();
    calls.begin([{ id: "1", name: "slow" }], 1);
    await vi.advanceTimersByTimeAsync(0);
    expect(calls.cancel(["1"], 2)).toBe(0);
    expect(calls.cancel(["1", "9"], 1)).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(finished).toEqual([]);
    expect(aborted).toEqual(["slow"]);
    expect(events.map(({ kind }) => kind)).toEqual(["started", "cancelled"]);
  });

  it("leaves nothing when it is stopped", async () => {
    const { calls, finished } = setUp();
    calls.begin([{ id: "1", name: "stuck" }, { name: "quick" }], 1);
    calls.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(finished).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("knows the time", async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 20, 12));
    const { calls, finished } = setUp();
    calls.begin([{ id: "1", name: "get_time", args: { time_zone: "Europe/Rome" } }], 1);
    calls.begin([{ id: "2", name: "get_time", args: { time_zone: "Nowhere" } }], 1);
    await vi.advanceTimersByTimeAsync(0);
    expect(finished.map(({ response }) => response)).toEqual([
      { time: expect.stringContaining("13:00:00"), utc: "2026-11-20T12:00:00.000Z" },
      { error: "There is no such time zone.", utc: "2026-11-20T12:00:00.000Z" },
    ]);
  });
});
