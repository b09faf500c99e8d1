import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeLive } from "../testing/fake-live.ts";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import { GeminiLive, type GeminiNote } from "./gemini-live.ts";

const SETUP = { model: "m", language: "de-DE", systemInstruction: "Sei nett." } as const;
const CLIENT_READY = { type: "client-ready", version: "2.1.0", first: true } as const;

async function setUp(live = new FakeLive()) {
  const notes: GeminiNote[] = [];
  const gemini = new GeminiLive({ connect: live.connect, setup: SETUP, onNote: (note) => notes.push(note) });
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
    expect(live.connection.setup).toBe(SETUP);
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
    const { sendDown } = runProcessor(new GeminiLive({ connect, setup: SETUP, onNote: () => {} }));
    sendDown(CLIENT_READY);
    sendDown({ type: "input-audio", pcm: new Int16Array(640) });
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
    const { sendDown } = runProcessor(new GeminiLive({ connect, setup: SETUP, onNote: () => {} }));
    sendDown({ type: "input-audio", pcm: new Int16Array(320) });
    sendDown({ type: "input-audio-paused" });
    if (unmuted) sendDown({ type: "input-audio", pcm: new Int16Array(320) });
    connected.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.connection.pausedAfter).toEqual(pausedAfter);
  });

  it("sends the user's voice in chunks of 40 ms, and it ends there", async () => {
    const { live, sendDown, down } = await setUp();
    for (let i = 0; i < 5; i += 1) sendDown({ type: "input-audio", pcm: new Int16Array(320) });
    expect(live.connection.audio.map(({ length }) => length)).toEqual([640, 640]);
    expect(down).toEqual([]);
  });

  it("tells Gemini of a muted microphone, after all that was said before", async () => {
    const { live, sendDown, down } = await setUp();
    for (let i = 0; i < 3; i += 1) sendDown({ type: "input-audio", pcm: new Int16Array(320) });
    sendDown({ type: "input-audio-paused" });
    expect(live.connection.audio.map(({ length }) => length)).toEqual([640, 320]);
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

  it("ends the session when Gemini refuses", async () => {
    const { down, notes, sendDown, kinds } = await setUp(new FakeLive("refuse"));
    expect(down).toEqual([{ type: "failed", reason: "gemini_failed", detail: expect.any(String) }]);
    expect(notes[0]).toMatchObject({ kind: "connect-failed", why: "refused" });
    sendDown(CLIENT_READY);
    sendDown({ type: "input-audio", pcm: new Int16Array(640) });
    expect(kinds()).toEqual(["connect-failed"]);
  });

  it("ends the session when the connection is lost, once, and tells the client no insides", async () => {
    const { live, down, notes } = await setUp();
    const end = { kind: "closed", code: 1011, reason: "Internal error encountered." } as const;
    live.connection.events.ended(end);
    live.connection.events.ended(end);
    const failures = down.filter(({ type }) => type === "failed");
    expect(failures).toHaveLength(1);
    expect(JSON.stringify(failures)).not.toContain("Internal error");
    expect(notes.at(-1)).toEqual({ kind: "ended", end });
  });

  it("notes what no frame tells", async () => {
    const { live, notes } = await setUp();
    live.connection.events.message({ goAway: { timeLeft: "1.500s" } });
    live.connection.events.message({ toolCall: {} });
    live.connection.events.malformed("not JSON");
    expect(notes.slice(1)).toEqual([
      { kind: "go-away", timeLeftMs: 1_500 },
      { kind: "tool-call" },
      { kind: "malformed", detail: "not JSON" },
    ]);
  });

  it("counts the audio that Gemini did not take, and says so at the end", async () => {
    const { live, sendDown, stop, notes } = await setUp();
    live.connection.hasSpace = false;
    for (let i = 0; i < 6; i += 1) sendDown({ type: "input-audio", pcm: new Int16Array(320) });
    stop();
    expect(notes.at(-1)).toEqual({ kind: "audio-left-out", chunks: 3 });
  });

  it("closes the connection with the pipeline", async () => {
    const { live, stop, down } = await setUp();
    stop();
    expect(live.connection.closed).toBe(true);
    live.connection.events.ended({ kind: "closed", code: 1005, reason: "" });
    expect(down).toEqual([]);
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
