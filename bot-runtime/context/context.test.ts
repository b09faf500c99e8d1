import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import { AssistantContext, type AssistantEntry } from "./assistant-context.ts";
import { UserContext, type UserEntry } from "./user-context.ts";

const NOW = Date.UTC(2026, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("UserContext", () => {
  function setUp() {
    const entries: UserEntry[] = [];
    const run = runProcessor(new UserContext((entry) => entries.push(entry)));
    const says = (text: string, finished = false) => run.sendUp({ type: "user-text", text, finished });
    return { ...run, entries, says };
  }

  it("gathers fragments until half a second of quiet", () => {
    const { entries, says, up } = setUp();
    says("How");
    vi.advanceTimersByTime(499);
    says(" are you?");
    vi.advanceTimersByTime(499);
    expect(entries).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(entries).toEqual([{ text: "How are you?", at: NOW }]);
    expect(up).toEqual([
      { type: "user-transcript", text: "How", at: NOW, final: false },
      { type: "user-transcript", text: "How are you?", at: NOW, final: false },
      { type: "user-transcript", text: "How are you?", at: NOW, final: true },
    ]);
  });

  it("ends an utterance at once when Gemini says that it is finished", () => {
    const { entries, says, up } = setUp();
    says("Yes.", true);
    says("", true);
    expect(entries.map(({ text }) => text)).toEqual(["Yes."]);
    expect(up).toEqual([{ type: "user-transcript", text: "Yes.", at: NOW, final: true }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("dates an utterance by the user's first sound, which transcription lags behind", () => {
    const { entries, says, sendDown } = setUp();
    sendDown({ type: "user-started-speaking" });
    vi.advanceTimersByTime(1_200);
    says("Hello.", true);
    vi.advanceTimersByTime(5_000);
    says("Again.", true);
    expect(entries.map(({ at }) => at - NOW)).toEqual([0, 6_200]);
  });

  it("does not date an utterance by a cough long before it, nor by its own words' lag", () => {
    const { entries, says, sendDown } = setUp();
    sendDown({ type: "user-started-speaking" });
    sendDown({ type: "user-stopped-speaking" });
    vi.advanceTimersByTime(60_000);
    sendDown({ type: "user-started-speaking" });
    vi.advanceTimersByTime(20_000);
    sendDown({ type: "user-stopped-speaking" });
    vi.advanceTimersByTime(2_000);
    says("A long story.", true);
    sendDown({ type: "user-started-speaking" });
    sendDown({ type: "user-stopped-speaking" });
    vi.advanceTimersByTime(60_000);
    says("Too quiet for the local detector.", true);
    expect(entries.map(({ at }) => at - NOW)).toEqual([60_000, 142_000]);
  });

  it("splits an utterance without end", () => {
    const { entries, says } = setUp();
    for (let i = 0; i < 500; i += 1) says("ten chars ");
    expect(entries.length).toBeGreaterThanOrEqual(1);
    expect(entries[0]?.text.length).toBeLessThanOrEqual(4_000);
  });

  it("keeps what was said last when the session ends, and leaves no timer", () => {
    const { entries, says, stop } = setUp();
    says("Good by");
    stop();
    expect(entries.map(({ text }) => text)).toEqual(["Good by"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("AssistantContext", () => {
  function setUp() {
    const entries: AssistantEntry[] = [];
    const run = runProcessor(new AssistantContext((entry) => entries.push(entry)));
    const begin = (generation: number) => run.sendDown({ type: "answer-started", generation });
    const says = (generation: number, text: string) =>
      run.sendDown({ type: "answer-text", generation, text });
    const interrupt = (generation: number) => run.sendDown({ type: "answer-interrupted", generation });
    const end = (generation: number) =>
      run.sendDown({ type: "answer-ended", generation, interrupted: false });
    return { ...run, entries, begin, says, interrupt, end };
  }

  it("reports an answer when it ends, dated by its beginning", () => {
    const { entries, begin, says, end, down } = setUp();
    begin(1);
    vi.advanceTimersByTime(900);
    says(1, "We");
    says(1, " can.");
    expect(entries).toEqual([]);
    end(1);
    expect(entries).toEqual([{ text: "We can.", at: NOW, interrupted: false }]);
    expect(typesOf(down)).toEqual(["answer-started", "answer-text", "answer-text", "answer-ended"]);
  });

  it("marks an interrupted answer and leaves out the words after it, which nobody heard", () => {
    const { entries, begin, says, interrupt, end } = setUp();
    begin(1);
    says(1, "One two");
    interrupt(1);
    says(1, " three four");
    end(1);
    expect(entries).toEqual([{ text: "One two", at: NOW, interrupted: true }]);
  });

  it("reports an answer whose end never came when the next begins", () => {
    const { entries, begin, says } = setUp();
    begin(1);
    says(1, "First.");
    begin(2);
    expect(entries.map(({ text }) => text)).toEqual(["First."]);
  });

  it("has nothing to report of an answer without words", () => {
    const { entries, begin, end } = setUp();
    begin(1);
    end(1);
    expect(entries).toEqual([]);
  });

  it("takes the end of the session for an interruption", () => {
    const { entries, begin, says, stop } = setUp();
    begin(1);
    says(1, "I was just");
    stop();
    expect(entries).toEqual([{ text: "I was just", at: NOW, interrupted: true }]);
  });

  it("bounds an answer and says that it was cut", () => {
    const { entries, begin, says, end } = setUp();
    begin(1);
    for (let i = 0; i < 3_000; i += 1) says(1, "ten chars ");
    end(1);
    expect(entries[0]?.text).toHaveLength(16_000 + 4);
    expect(entries[0]?.text.endsWith(" […]")).toBe(true);
  });
});
