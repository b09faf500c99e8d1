import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Conversation, type ConversationEntry } from "./conversation.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const reported: ConversationEntry[] = [];
  const conversation = new Conversation((entry) => reported.push(entry));
  const user = (text: string, at: number) => conversation.add({ role: "user", text, at });
  const assistant = (text: string, at: number) => conversation.add({ role: "assistant", text, at });
  return { conversation, user, assistant, texts: () => reported.map(({ text }) => text) };
}

describe("Conversation", () => {
  it("reports an answer after the late words that it answers", () => {
    const { conversation, user, assistant, texts } = setUp();
    conversation.expect("user", 1_000);
    assistant("Blue.", 2_500);
    expect(texts()).toEqual([]);
    user("Which colour?", 1_000);
    expect(texts()).toEqual(["Which colour?", "Blue."]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("reports words after the answer that they cut off", () => {
    const { conversation, user, assistant, texts } = setUp();
    conversation.expect("assistant", 1_000);
    user("Stop.", 4_000);
    expect(texts()).toEqual([]);
    assistant("Once upon a time", 1_000);
    expect(texts()).toEqual(["Once upon a time", "Stop."]);
  });

  it("does not keep an answer back for what the user begins to say after it", () => {
    const { conversation, assistant, texts } = setUp();
    conversation.expect("user", 3_000);
    assistant("Blue.", 2_500);
    expect(texts()).toEqual(["Blue."]);
  });

  it("waits 5 s for words that never come, as after a cough", () => {
    const { conversation, assistant, texts } = setUp();
    conversation.expect("user", 1_000);
    assistant("Blue.", 2_500);
    vi.advanceTimersByTime(4_999);
    expect(texts()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(texts()).toEqual(["Blue."]);
  });

  it("stops waiting when it is told that nothing will come, and at the end", () => {
    const { conversation, user, assistant, texts } = setUp();
    conversation.expect("assistant", 1_000);
    user("Hello?", 2_000);
    conversation.settle("assistant");
    expect(texts()).toEqual(["Hello?"]);
    conversation.expect("user", 3_000);
    assistant("Yes.", 4_000);
    conversation.close();
    expect(texts()).toEqual(["Hello?", "Yes."]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps the order in which things were said, also for words that come too late", () => {
    const { conversation, user, assistant } = setUp();
    assistant("Blue.", 2_500);
    user("Which colour?", 1_000);
    assistant("Anything else?", 6_000);
    expect(conversation.entries().map(({ text }) => text)).toEqual([
      "Which colour?",
      "Blue.",
      "Anything else?",
    ]);
  });

  it("has what is being said in its place", () => {
    const { conversation, user } = setUp();
    user("And then?", 3_000);
    conversation.addSource(() => [{ role: "assistant", text: "Well", at: 4_000, interrupted: true }]);
    conversation.addSource(() => [{ role: "user", text: "I", at: 2_000 }]);
    expect(conversation.entries().map(({ text }) => text)).toEqual(["I", "And then?", "Well"]);
  });

  it("keeps the newest, within bounds", () => {
    const { conversation, user, texts } = setUp();
    for (let i = 0; i < 2_000; i += 1) user(`${i}`, i);
    expect(conversation.entries()).toHaveLength(500);
    expect(conversation.entries()[0]?.text).toBe("1500");
    for (let i = 0; i < 200; i += 1) user("x".repeat(1_000), 10_000 + i);
    expect(conversation.entries()).toHaveLength(32);
    expect(texts()).toHaveLength(2_200);
  });
});
