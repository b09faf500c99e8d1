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
    expect(down).toEqual([{ type: "end-requested", reason: "stopped", graceful: true }]);
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
      "bot-transcription",
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

  it("cuts what Daily would refuse and nobody could put together again, and says so", () => {
    const { onFrames, notes } = setUp();
    const long = "a".repeat(6_000);
    const [first] = onFrames({ type: "user-message", text: long, respond: true });
    expect(JSON.stringify(first).length).toBeLessThanOrEqual(4_096);
    expect(notes[0]).toMatch(/^cut user-llm-text \d+$/);
    expect(onFrames({ type: "user-transcript", text: long, at: 0, final: false })).toHaveLength(1);
    expect(notes[1]).toMatch(/^cut user-transcription \d+$/);
  });

  it("splits the words of the bot and of the user where they add up at the client", () => {
    const { onFrames, notes } = setUp();
    const long = "“Well” ".repeat(1_500);
    const messages = onFrames(
      { type: "answer-text", generation: 1, text: long },
      { type: "bot-started-speaking", generation: 1 },
      { type: "answer-ended", generation: 1, interrupted: false },
      { type: "user-transcript", text: long, at: 0, final: true },
    );
    const all = (type: string) =>
      messages.filter((message) => message.type === type).map(({ data }) => (data as { text: string }).text);
    expect(all("bot-llm-text").join("")).toBe(long);
    expect(all("bot-tts-text").join("")).toBe(long);
    expect(all("user-transcription").join("")).toBe(long);
    expect(all("bot-output").join(" ")).toBe(long.trim());
    expect(all("bot-transcription").join(" ")).toBe(long.trim());
    for (const message of messages) expect(JSON.stringify(message).length).toBeLessThanOrEqual(4_096);
    expect(notes).toEqual([]);
  });

  it("interrupts the bot for a text that is to be answered, once", () => {
    const { client, onFrames, down, sendDown } = setUp();
    onFrames({ type: "answer-started", generation: 1 }, { type: "bot-started-speaking", generation: 1 });
    const from = down.length;
    const messages = client("send-text", { content: "Stop!", options: {} });
    sendDown({ type: "answer-interrupted", generation: 1 });
    expect(down.slice(from).filter(({ type }) => type !== "app-message-out")).toEqual([
      { type: "answer-interrupted", generation: 1 },
      { type: "user-message", text: "Stop!", respond: true },
      { type: "answer-interrupted", generation: 1 },
    ]);
    expect(messages.map(({ type }) => type)).toEqual(["bot-interrupted", "user-llm-text"]);
    expect(onFrames({ type: "answer-text", generation: 1, text: "Never heard." })).toEqual([]);
  });

  it("refuses a client message that nobody answered, and lets one answer be given", () => {
    const { client, sendUp, sent } = setUp();
    expect(client("client-message", { t: "dance" })).toEqual([
      {
        label: "rtvi-ai",
        type: "error-response",
        id: "id1",
        data: { error: "Unsupported client message dance" },
      },
    ]);
    expect(
      sent(() => sendUp({ type: "client-response", id: "id1", t: "dance", result: { ok: true } })),
    ).toEqual([]);
  });

  it("names what it measures to the first client, with times of zero", () => {
    const rtvi = new Rtvi({
      userId: "u",
      measured: ["Model"],
      events: { messageCut: () => {}, refused: () => {} },
    });
    const { down, sendDown } = runProcessor(rtvi, [rtvi]);
    const data = { label: "rtvi-ai", type: "client-ready", id: "id1", data: { version: "2.1.0" } };
    sendDown({ type: "app-message", fromId: "c", data });
    sendDown({ type: "app-message", fromId: "c", data });
    const zero = [{ processor: "Model", value: 0 }];
    expect(down.flatMap((frame) => (frame.type === "app-message-out" ? [frame.data] : []))).toMatchObject([
      { type: "bot-ready" },
      { type: "metrics", data: { ttfb: zero, processing: zero } },
      { type: "bot-ready" },
    ]);
  });

  it("tells of functions as much as it is set to", () => {
    const of = (functionCalls: "disabled" | "none" | "name" | "full") => {
      const events = { messageCut: () => {}, refused: () => {} };
      const rtvi = new Rtvi({ userId: "u", functionCalls, events });
      const { down, sendDown } = runProcessor(rtvi, [rtvi]);
      sendDown({ type: "tool-started", id: "f1", name: "get_time", args: { zone: "UTC" } });
      sendDown({ type: "tool-ended", id: "f1", name: "get_time", result: { time: "noon" } });
      sendDown({ type: "tool-cancelled", id: "f2", name: "get_time" });
      return down.flatMap((frame) => (frame.type === "app-message-out" ? [frame.data.data] : []));
    };
    expect(of("disabled")).toEqual([]);
    expect(of("none")).toEqual([
      {},
      { tool_call_id: "f1" },
      { tool_call_id: "f1", cancelled: false },
      { tool_call_id: "f2", cancelled: true },
    ]);
    const name = { function_name: "get_time" };
    expect(of("name")[1]).toEqual({ tool_call_id: "f1", ...name });
    expect(of("full").slice(1, 3)).toEqual([
      { tool_call_id: "f1", ...name, arguments: { zone: "UTC" } },
      { tool_call_id: "f1", ...name, cancelled: false, result: { time: "noon" } },
    ]);
  });
});
