import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeLive } from "../testing/fake-live.ts";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import { GeminiLive, type GeminiLiveOptions, type GeminiNote } from "./gemini-live.ts";

const SETUP = { model: "m", language: "de-DE", systemInstruction: "Sei nett." } as const;
const CLIENT_READY = { type: "client-ready", version: "2.1.0", first: true } as const;

async function setUp(live = new FakeLive(), options: Partial<GeminiLiveOptions> = {}) {
  const notes: GeminiNote[] = [];
  const gemini = new GeminiLive({
    setup: SETUP,
    greeting: "Begrüße den Nutzer.",
    ...options,
    connect: live.connect,
    onNote: (note) => notes.push(note),
  });
  const run = runProcessor(gemini);
  await vi.advanceTimersByTimeAsync(0);
  const kinds = () => notes.map(({ kind }) => kind);
  return { ...run, live, notes, kinds };
}

describe("GeminiLive", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("connects with its setup when the pipeline starts", async () => {
    const { live, kinds } = await setUp();
    expect(live.connection.setup).toMatchObject({ ...SETUP, tools: [{ name: "get_time" }] });
    expect(kinds()).toEqual(["connected"]);
  });

  it("asks for a greeting at the first client-ready, in the language, and only then", async () => {
    const { live, sendDown } = await setUp();
    sendDown(CLIENT_READY);
    sendDown({ ...CLIENT_READY, first: false });
    expect(live.connection.texts).toEqual([expect.stringContaining("Begrüße")]);
  });

  it("greets a client that was ready before Gemini was", async () => {
    const live = new FakeLive();
    let connected = () => {};
    const gate = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const connect: FakeLive["connect"] = async (...args) => {
      await gate;
      return live.connect(...args);
    };
    const { sendDown } = runProcessor(
      new GeminiLive({ connect, setup: SETUP, greeting: "Begrüße den Nutzer.", onNote: () => {} }),
    );
    sendDown(CLIENT_READY);
    sendDown({ type: "input-audio", pcm: new Int16Array(320) });
    connected();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.connection.texts).toHaveLength(1);
    expect(live.connection.audio).toHaveLength(1);
  });

  it.each([
    { said: "what was said before it was muted, and the pause", unmuted: false, pausedAfter: [1] },
    { said: "no pause that is over", unmuted: true, pausedAfter: [] },
  ])("tells Gemini, once connected, $said", async ({ unmuted, pausedAfter }) => {
    const live = new FakeLive();
    const connected = Promise.withResolvers<void>();
    const connect: FakeLive["connect"] = async (...args) => {
      await connected.promise;
      return live.connect(...args);
    };
    const { sendDown } = runProcessor(
      new GeminiLive({ connect, setup: SETUP, greeting: "Begrüße den Nutzer.", onNote: () => {} }),
    );
    sendDown({ type: "input-audio", pcm: new Int16Array(160) });
    sendDown({ type: "input-audio-paused" });
    if (unmuted) sendDown({ type: "input-audio", pcm: new Int16Array(160) });
    connected.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.connection.pausedAfter).toEqual(pausedAfter);
  });

  it("sends the user's voice in chunks of 20 ms, and it ends there", async () => {
    const { live, sendDown, down } = await setUp();
    for (let i = 0; i < 5; i += 1) sendDown({ type: "input-audio", pcm: new Int16Array(160) });
    expect(live.connection.audio.map(({ length }) => length)).toEqual([320, 320]);
    expect(down).toEqual([]);
  });

  it("tells Gemini of a muted microphone, after all that was said before", async () => {
    const { live, sendDown, down } = await setUp();
    for (let i = 0; i < 3; i += 1) sendDown({ type: "input-audio", pcm: new Int16Array(160) });
    sendDown({ type: "input-audio-paused" });
    expect(live.connection.audio.map(({ length }) => length)).toEqual([320, 160]);
    expect(live.connection.pausedAfter).toEqual([2]);
    expect(down).toEqual([]);
  });

  it("pushes answers downstream and the user's words upstream", async () => {
    const { live, down, up } = await setUp();
    live.connection.say({
      inputTranscription: { text: "Hallo" },
      outputTranscription: { text: "Guten Tag" },
      turnComplete: true,
    });
    expect(typesOf(down)).toEqual(["answer-started", "answer-text", "answer-ended"]);
    expect(up).toEqual([{ type: "user-text", text: "Hallo", finished: false }]);
  });

  it("measures from where the user stopped, or the request for a greeting, to the first audio", async () => {
    const { live, sendDown, down } = await setUp();
    const measured = () => down.flatMap((frame) => (frame.type === "first-audio" ? [frame.ttfbMs] : []));
    sendDown(CLIENT_READY);
    await vi.advanceTimersByTimeAsync(300);
    live.connection.sayAudio();
    live.connection.sayAudio();
    live.connection.say({ turnComplete: true });
    sendDown({ type: "user-started-speaking" });
    sendDown({ type: "user-stopped-speaking" });
    await vi.advanceTimersByTimeAsync(700);
    live.connection.sayAudio();
    expect(measured()).toEqual([300, 700]);
  });

  it("does not take the rest of an answer for the answer to a cough", async () => {
    const { live, sendDown, down } = await setUp();
    live.connection.sayAudio();
    sendDown({ type: "user-started-speaking" });
    sendDown({ type: "user-stopped-speaking" });
    await vi.advanceTimersByTimeAsync(20);
    live.connection.sayAudio();
    expect(typesOf(down)).not.toContain("first-audio");
  });

  it("sums usage over the session", async () => {
    const { live, down } = await setUp();
    const usageMetadata = { promptTokenCount: 100, responseTokenCount: 20, totalTokenCount: 120 };
    live.connection.events.message({ usageMetadata });
    live.connection.events.message({ usageMetadata: { ...usageMetadata, promptTokenCount: undefined } });
    expect(down.at(-1)).toEqual({
      type: "usage",
      usage: { promptTokens: 100, responseTokens: 40, totalTokens: 240 },
    });
  });

  it("ends the session when Gemini refuses for good, and tells the client no insides", async () => {
    const { down, notes, sendDown, kinds } = await setUp(new FakeLive("refuse"));
    expect(down).toEqual([{ type: "failed", reason: "gemini_failed", detail: expect.any(String) }]);
    expect(JSON.stringify(down)).not.toContain("models/m");
    expect(notes).toContainEqual({ kind: "gave-up", why: "unknown-model" });
    sendDown(CLIENT_READY);
    sendDown({ type: "input-audio", pcm: new Int16Array(320) });
    expect(kinds()).toEqual(["connect-failed", "gave-up"]);
  });

  it("goes on over a lost connection: the answer is cut, the next has the next number", async () => {
    const { live, down, sendDown } = await setUp();
    sendDown(CLIENT_READY);
    live.connection.giveHandle("h1");
    live.connection.sayAudio();
    const lost = live.connection;
    lost.end(1011, "Internal error encountered.");
    await vi.advanceTimersByTimeAsync(0);
    expect(live.connections).toHaveLength(2);
    expect(live.connection.setup.handle).toBe("h1");
    expect(live.connection.texts).toHaveLength(1);
    lost.sayAudio();
    live.connection.sayAudio();
    live.connection.say({ turnComplete: true });
    expect(
      down.map((frame) => ("generation" in frame ? `${frame.type} ${frame.generation}` : frame.type)),
    ).toEqual([
      "client-ready",
      "answer-started 1",
      "first-audio",
      "answer-audio 1",
      "answer-interrupted 1",
      "answer-ended 1",
      "assistant-status",
      "assistant-status",
      "assistant-status",
      "answer-started 2",
      "answer-audio 2",
      "answer-ended 2",
    ]);
    expect(down.flatMap((frame) => (frame.type === "assistant-status" ? [frame.status] : []))).toEqual([
      { kind: "cut" },
      { kind: "away" },
      { kind: "back", memory: "kept" },
    ]);
  });

  it("calls functions, and tells the pipeline", async () => {
    const { live, down } = await setUp();
    live.connection.events.message({
      toolCall: { functionCalls: [{ id: "c1", name: "get_time", args: {} }] },
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(typesOf(down)).toEqual(["tool-started", "tool-ended"]);
    expect(live.connection.sent).toEqual([
      {
        kind: "tool-results",
        results: [
          { id: "c1", name: "get_time", response: expect.objectContaining({ utc: expect.any(String) }) },
        ],
      },
    ]);
  });

  it("sends what is written, what the bot asks for, and notes that want no answer", async () => {
    const { live, sendDown, down } = await setUp();
    sendDown({ type: "user-message", text: "Hallo", respond: true });
    sendDown({ type: "user-message", text: "Ich heiße Ada.", respond: false });
    sendDown({ type: "say", purpose: "goodbye", request: "Verabschiede dich." });
    expect(live.connection.sent).toEqual([
      { kind: "content", turns: [{ role: "user", text: "Hallo" }], complete: true },
      { kind: "content", turns: [{ role: "user", text: "Ich heiße Ada." }], complete: false },
      { kind: "content", turns: [{ role: "user", text: "Verabschiede dich." }], complete: true },
    ]);
    expect(down).toEqual([]);
  });

  it("measures the wait for the answer to a turn that is told from its end", async () => {
    const { live, sendDown, down } = await setUp(new FakeLive(), { manualTurns: true });
    sendDown({ type: "turn-started" });
    await vi.advanceTimersByTimeAsync(2_000);
    sendDown({ type: "turn-ended" });
    await vi.advanceTimersByTimeAsync(700);
    live.connection.sayAudio();
    expect(down).toContainEqual({ type: "first-audio", processor: "GeminiLive", ttfbMs: 700 });
  });

  it("takes turns by hand: on a connection that knows of it, marked, with what lies between", async () => {
    const { live, sendDown } = await setUp();
    sendDown({ type: "turn-mode", mode: "manual" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(live.connections).toHaveLength(2);
    expect(live.connection.setup.manualTurns).toBe(true);
    sendDown({ type: "turn-started" });
    sendDown({ type: "input-audio", pcm: new Int16Array(480) });
    sendDown({ type: "turn-ended" });
    expect(live.connection.audio.map(({ length }) => length)).toEqual([320, 160]);
    expect(live.connection.sent).toEqual([
      { kind: "turn-start", audioBefore: 0 },
      { kind: "turn-end", audioBefore: 2 },
    ]);
  });

  it("notes what no frame tells", async () => {
    const { live, notes } = await setUp();
    live.connection.events.message({ goAway: { timeLeft: "1.500s" } });
    live.connection.events.malformed("not JSON");
    expect(notes.slice(1, 3)).toEqual([
      { kind: "go-away", timeLeftMs: 1_500 },
      { kind: "malformed", detail: "not JSON" },
    ]);
  });

  it("counts the audio that Gemini did not take, and says so at the end", async () => {
    const { live, sendDown, stop, notes } = await setUp();
    live.connection.hasSpace = false;
    for (let i = 0; i < 6; i += 1) sendDown({ type: "input-audio", pcm: new Int16Array(160) });
    stop();
    expect(notes.at(-1)).toEqual({ kind: "audio-left-out", chunks: 3 });
  });

  it("closes the connection with the pipeline", async () => {
    const { live, stop, down } = await setUp();
    stop();
    expect(live.connection.closed).toBe(true);
    live.connection.events.ended({ kind: "closed", code: 1005, reason: "" });
    expect(down).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives up connecting when the pipeline stops, and closes what comes too late", async () => {
    const { live, stop, kinds } = await setUp(new FakeLive("hang"));
    stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.aborted).toBe(1);
    expect(kinds()).toEqual([]);

    const late = new FakeLive();
    const gemini = new GeminiLive({ connect: late.connect, setup: SETUP, onNote: () => {} });
    const run = runProcessor(gemini);
    run.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(late.connection.closed).toBe(true);
  });
});
