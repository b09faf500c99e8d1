import { describe, expect, it } from "vitest";
import type { Frame } from "../pipeline/frame.ts";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import { Rtvi } from "./rtvi.ts";

function setUp() {
  const notes: string[] = [];
  const rtvi = new Rtvi({
    userId: "user-1",
    events: {
      messageCut: (type, chars) => notes.push(`cut ${type} ${chars}`),
      refused: (detail) => notes.push(`refused ${detail}`),
    },
  });
  const run = runProcessor(rtvi, [rtvi]);
  /** What goes out to the client because of this. */
  const sent = (act: () => void) => {
    const from = run.down.length;
    act();
    return run.down.slice(from).flatMap((frame) => (frame.type === "app-message-out" ? [frame.data] : []));
  };
  const onFrames = (...frames: Frame[]) => sent(() => frames.forEach(run.sendDown));
  const client = (type: string, data?: unknown) =>
    sent(() =>
      run.sendDown({ type: "app-message", fromId: "c", data: { label: "rtvi-ai", id: "id1", type, data } }),
    );
  const ready = (version = "2.1.0") => client("client-ready", { version, about: { library: "test" } });
  return { ...run, notes, onFrames, client, ready, sent };
}

describe("Rtvi", () => {
  it("answers every client-ready, and says which is the first", () => {
    const { ready, down } = setUp();
    expect(ready()).toEqual([
      {
        label: "rtvi-ai",
        type: "bot-ready",
        id: "id1",
        data: { version: "2.1.0", about: { library: "chat-vrd" } },
      },
    ]);
    expect(ready()).toHaveLength(1);
    const readies = down.filter(({ type }) => type === "client-ready");
    expect(readies).toEqual([
      { type: "client-ready", version: "2.1.0", first: true },
      { type: "client-ready", version: "2.1.0", first: false },
    ]);
  });

  it("refuses an unknown type and notes it", () => {
    const { client, notes } = setUp();
    expect(client("dance")).toMatchObject([{ type: "error-response", id: "id1" }]);
    expect(notes).toEqual(["refused Unsupported type dance"]);
  });

  it("turns disconnect-bot into the end of the session", () => {
    const { client, down } = setUp();
    client("disconnect-bot", {});
    expect(down).toEqual([{ type: "end-requested", reason: "stopped" }]);
  });

  it("lets other app messages pass", () => {
    const { sendDown, down } = setUp();
    sendDown({ type: "app-message", fromId: "c", data: { chat: "hi" } });
    expect(typesOf(down)).toEqual(["app-message"]);
  });

  it("tells the story of an answer in the order that clients expect", () => {
    const { onFrames } = setUp();
    const messages = onFrames(
      { type: "answer-started", generation: 1 },
      { type: "answer-audio", generation: 1, pcm: new Int16Array(10) },
      { type: "answer-audio", generation: 1, pcm: new Int16Array(10) },
      { type: "answer-text", generation: 1, text: "Hi. " },
      { type: "bot-started-speaking", generation: 1 },
      { type: "answer-generated", generation: 1 },
      { type: "answer-ended", generation: 1, interrupted: false },
      { type: "bot-stopped-speaking", generation: 1, playedMs: 400, interrupted: false },
    );
    expect(messages.map(({ type }) => type)).toEqual([
      "bot-llm-started",
      "bot-tts-started",
      "bot-llm-text",
      "bot-tts-text",
      "bot-started-speaking",
      "bot-output",
      "bot-tts-stopped",
      "bot-llm-stopped",
      "bot-stopped-speaking",
      "bot-output",
    ]);
    expect(messages.every(({ label, id }) => label === "rtvi-ai" && id === undefined)).toBe(true);
  });

  it("tells the last words when the model has made the answer", () => {
    const { onFrames } = setUp();
    const messages = onFrames(
      { type: "bot-started-speaking", generation: 1 },
      { type: "answer-text", generation: 1, text: "You said:" },
      { type: "answer-generated", generation: 1 },
    );
    expect(messages.at(-1)).toMatchObject({
      type: "bot-output",
      data: { text: "You said:", spoken_status: "new" },
    });
  });

  it("tells no words of an answer that come after its interruption", () => {
    const { onFrames } = setUp();
    const messages = onFrames(
      { type: "bot-started-speaking", generation: 1 },
      { type: "answer-interrupted", generation: 1 },
      { type: "answer-text", generation: 1, text: "Nobody hears this." },
      { type: "bot-stopped-speaking", generation: 1, playedMs: 40, interrupted: true },
      { type: "answer-ended", generation: 1, interrupted: true },
    );
    expect(messages.map(({ type }) => type)).not.toContain("bot-output");
  });

  it("sends each thing once though frames pass several processors", () => {
    const { onFrames } = setUp();
    expect(onFrames({ type: "user-started-speaking" })).toEqual([
      { label: "rtvi-ai", type: "user-started-speaking" },
    ]);
  });

  it("gives clients of version 1 the older bot-output, once per sentence", () => {
    const { onFrames, ready } = setUp();
    ready("1.2.0");
    const messages = onFrames(
      { type: "bot-started-speaking", generation: 1 },
      { type: "answer-text", generation: 1, text: "Hi. " },
      { type: "answer-ended", generation: 1, interrupted: false },
      { type: "bot-stopped-speaking", generation: 1, playedMs: 400, interrupted: false },
    );
    expect(messages.filter(({ type }) => type === "bot-output")).toEqual([
      {
        label: "rtvi-ai",
        type: "bot-output",
        data: { text: "Hi.", aggregated_by: "sentence", spoken: true },
      },
    ]);
  });

  it("reports transcripts, metrics in seconds, and failures in both shapes", () => {
    const { onFrames } = setUp();
    const at = Date.UTC(2026, 0, 1);
    const data = onFrames(
      { type: "user-transcript", text: "Hel", at, final: false },
      { type: "user-transcript", text: "Hello", at, final: true },
      { type: "first-audio", processor: "GeminiLive", ttfbMs: 640 },
      { type: "usage", usage: { promptTokens: 1, responseTokens: 2, totalTokens: 3 } },
      { type: "failed", reason: "gemini_failed", detail: "Lost." },
    ).map(({ type, data }) => ({ type, data }));
    expect(data).toEqual([
      {
        type: "user-transcription",
        data: { text: "Hel", user_id: "user-1", timestamp: "2026-01-01T00:00:00.000Z", final: false },
      },
      {
        type: "user-transcription",
        data: { text: "Hello", user_id: "user-1", timestamp: "2026-01-01T00:00:00.000Z", final: true },
      },
      { type: "metrics", data: { ttfb: [{ processor: "GeminiLive", value: 0.64 }] } },
      { type: "metrics", data: { tokens: [{ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }] } },
      { type: "error", data: { error: "Lost.", message: "Lost.", fatal: true } },
    ]);
  });

  it("cuts what Daily would refuse, and says so", () => {
    const { onFrames, notes } = setUp();
    const [first] = onFrames({ type: "answer-text", generation: 1, text: "a".repeat(6_000) });
    expect(JSON.stringify(first).length).toBeLessThanOrEqual(4_096);
    expect(notes[0]).toMatch(/^cut bot-llm-text \d+$/);
  });
});
