import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runProcessor } from "../testing/run-processor.ts";
import { Conversation, type ConversationEntry } from "./conversation.ts";
import { UserContext } from "./user-context.ts";

const NOW = Date.UTC(2026, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("UserContext", () => {
  function setUp() {
    const entries: ConversationEntry[] = [];
    const conversation = new Conversation((entry) => entries.push(entry));
    const run = runProcessor(new UserContext(conversation));
    const says = (text: string, finished = false) => run.sendUp({ type: "user-text", text, finished });
    return { ...run, conversation, entries, says };
  }

  it("gathers fragments until half a second of quiet", () => {
    const { entries, says, up } = setUp();
    says("How");
    vi.advanceTimersByTime(499);
    says(" are you?");
    vi.advanceTimersByTime(499);
    expect(entries).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(entries).toEqual([{ role: "user", text: "How are you?", at: NOW }]);
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

  it("takes what the user writes for an utterance of its own, after what was being said", () => {
    const { entries, says, sendDown, down } = setUp();
    says("I spell");
    vi.advanceTimersByTime(100);
    sendDown({ type: "user-message", text: " A-d-a ", respond: true });
    expect(entries).toEqual([
      { role: "user", text: "I spell", at: NOW },
      { role: "user", text: "A-d-a", at: NOW + 100 },
    ]);
    expect(down).toEqual([{ type: "user-message", text: " A-d-a ", respond: true }]);
  });

  it("puts words that the local detector missed before the answer that they had", () => {
    const { conversation, entries, says } = setUp();
    vi.advanceTimersByTime(10_000);
    conversation.answerBeganAt = NOW + 9_500;
    says("Psst.", true);
    vi.advanceTimersByTime(10_000);
    says("Later.", true);
    expect(entries.map(({ at }) => at - NOW)).toEqual([9_499, 20_000]);
  });

  it("is asked for what is being said", () => {
    const { conversation, entries, says } = setUp();
    says("I would");
    expect(conversation.entries()).toEqual([{ role: "user", text: "I would", at: NOW }]);
    expect(entries).toEqual([]);
  });
});
