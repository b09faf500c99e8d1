import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame } from "../pipeline/frame.ts";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import { AssistantContext } from "./assistant-context.ts";
import { Conversation, type ConversationEntry } from "./conversation.ts";

const NOW = Date.UTC(2026, 0, 1);
/** Words of 5 characters with their space, and 400 ms of sound each. */
const WORDS = Array.from({ length: 20 }, (_, i) => `w${String(i).padStart(3, "0")} `);
const WORD_MS = 400;
const ALL_MS = WORDS.length * WORD_MS;
const ALL = WORDS.join("").trim();

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const entries: ConversationEntry[] = [];
  const conversation = new Conversation((entry) => entries.push(entry));
  const run = runProcessor(new AssistantContext(conversation));
  const send = (frame: Frame) => run.sendDown(frame);
  const says = (generation: number, text: string) => send({ type: "answer-text", generation, text });
  const sounds = (generation: number, ms: number) =>
    send({ type: "answer-audio", generation, pcm: new Int16Array(24 * ms) });
  const begin = (generation: number) => send({ type: "answer-started", generation });
  const end = (generation: number, interrupted = false) =>
    send({ type: "answer-ended", generation, interrupted });
  const generate = (generation: number, words = WORDS) => {
    begin(generation);
    for (const word of words) {
      says(generation, word);
      sounds(generation, WORD_MS);
    }
    send({ type: "answer-generated", generation });
  };
  const heard = {
    started: (generation: number) => send({ type: "bot-started-speaking", generation }),
    some: (generation: number, playedMs: number) => send({ type: "bot-heard", generation, playedMs }),
    all: (generation: number, playedMs: number) =>
      send({ type: "bot-stopped-speaking", generation, playedMs, interrupted: false }),
    cut: (generation: number, playedMs: number) => {
      send({ type: "answer-interrupted", generation });
      send({ type: "bot-stopped-speaking", generation, playedMs, interrupted: true });
    },
  };
  return { ...run, conversation, entries, says, sounds, begin, end, generate, heard, send };
}

describe("AssistantContext", () => {
  it("reports an answer when it was heard to its end, dated by its beginning", () => {
    const { entries, generate, heard, end, down } = setUp();
    generate(1, WORDS.slice(0, 2));
    heard.started(1);
    vi.advanceTimersByTime(800);
    end(1);
    expect(entries).toEqual([]);
    heard.all(1, 800);
    expect(entries).toEqual([{ role: "assistant", text: "w000 w001", at: NOW }]);
    expect(typesOf(down).slice(-3)).toEqual(["bot-started-speaking", "answer-ended", "bot-stopped-speaking"]);
  });

  it("cuts an interrupted answer where the listener was, though all of its words were there", () => {
    const { entries, generate, heard, end, says } = setUp();
    generate(1);
    heard.started(1);
    heard.cut(1, 10 * WORD_MS + 150);
    says(1, "and nobody hears this");
    end(1, true);
    const [entry] = entries;
    expect(entries).toHaveLength(1);
    expect(entry).toMatchObject({ role: "assistant", at: NOW, interrupted: true });
    const words = entry?.text.split(" ") ?? [];
    expect(words.length).toBeGreaterThanOrEqual(9);
    expect(words.length).toBeLessThanOrEqual(10);
    expect(ALL.startsWith(entry?.text ?? "?")).toBe(true);
  });

  it("leaves out an answer of which nothing was heard", () => {
    const { entries, conversation, generate, heard, end, send } = setUp();
    generate(1);
    send({ type: "answer-interrupted", generation: 1 });
    end(1, true);
    generate(2);
    heard.started(2);
    end(2);
    heard.all(2, ALL_MS);
    expect(entries.map(({ text }) => text)).toEqual([ALL]);
    expect(conversation.entries()).toHaveLength(1);
  });

  it("waits for the room's last word, which may come after that the answer was cut", () => {
    const { entries, generate, heard, end, send } = setUp();
    generate(1);
    send({ type: "answer-interrupted", generation: 1 });
    heard.started(1);
    end(1, true);
    expect(entries).toEqual([]);
    send({ type: "bot-stopped-speaking", generation: 1, playedMs: 5 * WORD_MS + 50, interrupted: true });
    expect(entries).toMatchObject([{ interrupted: true }]);
  });

  it("keeps two answers apart of which the second is made while the first is heard", () => {
    const { entries, generate, heard, end } = setUp();
    generate(1, WORDS.slice(0, 5));
    end(1);
    heard.started(1);
    generate(2, WORDS.slice(5, 10));
    end(2);
    expect(entries).toEqual([]);
    // The room goes from one to the other without a pause, and then has no figure for the first.
    heard.all(1, 0);
    heard.started(2);
    heard.all(2, 5 * WORD_MS);
    expect(entries.map(({ text }) => text)).toEqual([
      WORDS.slice(0, 5).join("").trim(),
      WORDS.slice(5, 10).join("").trim(),
    ]);
    expect(entries.some(({ interrupted }) => interrupted)).toBe(false);
  });

  it("goes on with an answer that paused in the middle for so long that it seemed over", () => {
    const { entries, begin, says, sounds, heard, end, send } = setUp();
    begin(1);
    says(1, "Let me see. ");
    sounds(1, 1_000);
    heard.started(1);
    heard.all(1, 1_000);
    expect(entries).toEqual([]);
    says(1, "It is blue.");
    sounds(1, 1_000);
    heard.started(1);
    send({ type: "answer-generated", generation: 1 });
    heard.all(1, 2_000);
    end(1);
    expect(entries).toEqual([{ role: "assistant", text: "Let me see. It is blue.", at: NOW }]);
  });

  it("does not take an answer for interrupted that was heard to its end before the user spoke", () => {
    const { entries, generate, heard, end, send } = setUp();
    generate(1);
    heard.started(1);
    heard.all(1, ALL_MS);
    send({ type: "answer-interrupted", generation: 1 });
    end(1, true);
    expect(entries).toEqual([{ role: "assistant", text: ALL, at: NOW }]);
  });

  it("takes an answer without audio for read, whole or not at all", () => {
    const { entries, begin, says, end } = setUp();
    begin(1);
    says(1, "In writing.");
    end(1);
    begin(2);
    says(2, "Half a");
    end(2, true);
    begin(3);
    end(3);
    expect(entries).toEqual([{ role: "assistant", text: "In writing.", at: NOW }]);
  });

  it("takes the end of the session for an interruption, and knows by the clock how much was heard", () => {
    const { entries, generate, heard, stop } = setUp();
    generate(1);
    heard.started(1);
    vi.advanceTimersByTime(1_000);
    heard.some(1, 950);
    vi.advanceTimersByTime(850);
    stop();
    expect(entries).toEqual([{ role: "assistant", text: "w000 w001 w002 w003", at: NOW, interrupted: true }]);
  });

  it("is asked for what is being heard, and counts what was not heard in the end as not said", () => {
    const { conversation, entries, generate, heard } = setUp();
    generate(1);
    heard.started(1);
    vi.advanceTimersByTime(2_050);
    expect(conversation.entries()).toEqual([
      { role: "assistant", text: "w000 w001 w002 w003 w004", at: NOW, interrupted: true },
    ]);
    heard.cut(1, 1_250);
    expect(entries).toMatchObject([{ text: "w000 w001 w002" }]);
  });

  it("waits for a bounded number of answers that nobody hears", () => {
    const { conversation, generate, end, stop } = setUp();
    for (let generation = 1; generation <= 50; generation += 1) {
      generate(generation, WORDS.slice(0, 2));
      end(generation);
    }
    stop();
    expect(conversation.entries()).toEqual([]);
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
