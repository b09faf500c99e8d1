/**
 * RTVI 2.1 message by message, as `@pipecat-ai/client-js` sends and understands it: each type of the protocol's two
 * tables has its test here, which README.md names.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RTVIMessageType } from "@pipecat-ai/client-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  botSays,
  type Call,
  type CallOptions,
  microphone,
  settle,
  startCall,
  turnComplete,
  userSays,
} from "./call.ts";

const NOW = Date.UTC(2026, 0, 1);
const PCM_BASE64 = Buffer.from(new Int16Array(640).fill(7).buffer).toString("base64");

/** Pipecat's servers send these with other parts, or when they are told to. */
const NEVER_SENT = new Set([
  ...["user-mute-started", "user-mute-stopped", "vad-user-started-speaking", "vad-user-stopped-speaking"],
  ...["user-audio-level", "bot-audio-level", "bot-tts-audio", "bot-llm-search-response", "system-log"],
  ...["ui-command", "ui-job-group", "llm-function-call", "append-to-context-result"],
]);

let calls: Call[] = [];

async function call(options?: CallOptions): Promise<Call> {
  const started = await startCall(options);
  calls.push(started);
  return started;
}

/** An answer that is being heard: two sentences, four seconds. Its audio has come, all but the end of the turn. */
async function answering(options?: CallOptions): Promise<Call> {
  const run = await call(options);
  await botSays(run, ["One ", "two ", "three ", "four. ", "Five ", "six ", "seven ", "eight."], 4_000);
  return run;
}

async function answered(options?: CallOptions): Promise<Call> {
  const run = await answering(options);
  turnComplete(run);
  await settle(4_000);
  return run;
}

/** What Gemini was told in words. */
const texts = ({ live }: Call) => live.connection.sent.filter(({ kind }) => kind !== "ping");

function toClient(conversation: string): { type: string }[] {
  const messages = JSON.parse(conversation) as { to: string; type: string }[]; // written by the test beside this one
  return messages.filter(({ to }) => to === "client");
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal("window", { navigator: { userAgent: "an app" } });
});

afterEach(async () => {
  for (const { link, client } of calls) {
    link.events.stop("stopped");
    await client.disconnect();
  }
  calls = [];
  await settle();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("from the client", () => {
  it("client-ready: is answered with bot-ready of its id, in which connect() resolves", async () => {
    const { ready, wire } = await call();
    expect(ready).toEqual({ version: "2.1.0", about: { library: "chat-vrd" } });
    expect(wire[1]).toMatchObject({ to: "client", type: "bot-ready", id: wire[0]?.id });
  });

  it("client-ready, again: is answered again, and the bot greets once", async () => {
    const run = await call({ metadata: { greet: true } });
    await botSays(run, ["Hello."], 400);
    run.send("client-ready", { version: "2.1.0", about: { library: "an app" } });
    expect(run.told("bot-ready")).toHaveLength(2);
    expect(run.events("botReady")).toHaveLength(2);
    await settle(2_000);
    expect(run.told("bot-started-speaking")).toHaveLength(1);
  });

  it("client-ready of version 1: is answered in its own version, without the client's complaint", async () => {
    const { ready, told } = await call({ transport: "1.6.0" });
    expect(ready).toMatchObject({ version: "1.2.0" });
    expect(told("error-response")).toEqual([]);
  });

  it.each([
    ["of another major version", { version: "3.0.0" }],
    ["without a version", {}],
    ["without data", undefined],
  ])("client-ready %s: gets an error, and is let in", async (_what, data) => {
    const run = await call({
      rewrite: (message) => (message.type === "client-ready" ? { ...message, data } : message),
    });
    expect(run.ready).toMatchObject({ version: "2.1.0" });
    expect(run.told().slice(0, 2)).toMatchObject([
      { type: "error-response", id: run.wire[0]?.id },
      { type: "bot-ready", id: run.wire[0]?.id },
    ]);
  });

  it("disconnect-bot: lets the bot finish what it is saying, and ends", async () => {
    const run = await answering();
    run.client.disconnectBot();
    await settle(1_000);
    expect(run.ended()).toBeUndefined();
    turnComplete(run);
    await settle(4_000);
    expect(run.ended()).toBe("stopped");
    expect(run.told("bot-stopped-speaking")).toHaveLength(1);
  });

  it("client-message: one that nobody knows is refused by its id", async () => {
    const run = await call();
    await expect(run.client.sendClientRequest("dance", { with: "me" })).rejects.toMatchObject({
      type: "error-response",
      data: { error: "Unsupported client message dance" },
    });
  });

  it("client-message push-to-talk and talk: are answered, and the pressed button is the user's turn", async () => {
    const run = await call();
    await expect(run.client.sendClientRequest("talk", { pressed: true })).rejects.toMatchObject({
      data: { error: "Push to talk is off." },
    });
    await expect(run.client.sendClientRequest("push-to-talk", { active: true })).resolves.toEqual({
      active: true,
    });
    // Another connection is made, once the old one may be left.
    await settle(1_000);
    expect(run.live.connection.setup.manualTurns).toBe(true);
    await microphone(run, 1_000);
    expect(run.live.connection.audio).toHaveLength(0);
    await expect(run.client.sendClientRequest("talk", { pressed: true })).resolves.toEqual({ pressed: true });
    await microphone(run, 1_000);
    await expect(run.client.sendClientRequest("talk", { pressed: false })).resolves.toEqual({
      pressed: false,
    });
    await microphone(run, 1_000);
    // 300 ms from before the press, a second, and 300 ms after the release, in chunks of 20 ms.
    expect(run.live.connection.sent).toEqual([
      { kind: "turn-start", audioBefore: 0 },
      { kind: "turn-end", audioBefore: 80 },
    ]);
  });

  it("client-message talk: silences the bot at the press, though the model has said all it had to say", async () => {
    const run = await call({ metadata: { turns: "push-to-talk" } });
    expect(run.live.connections).toHaveLength(1);
    expect(run.live.connection.setup.manualTurns).toBe(true);
    await botSays(run, ["Once ", "upon ", "a ", "time."], 4_000);
    turnComplete(run);
    run.client.sendClientMessage("talk", { pressed: true });
    await settle(40);
    expect(run.told("bot-interrupted", "bot-stopped-speaking").map(({ type }) => type)).toEqual([
      "bot-interrupted",
      "bot-stopped-speaking",
    ]);
  });

  it("send-text: interrupts the bot and is answered", async () => {
    const run = await answering();
    await run.client.sendText("Stop, please.");
    const turns = [{ role: "user", text: "Stop, please." }];
    expect(texts(run)).toEqual([{ kind: "content", turns, complete: true }]);
    await settle(40);
    expect(
      run.told("bot-interrupted", "user-llm-text", "bot-stopped-speaking").map(({ type }) => type),
    ).toEqual(["bot-interrupted", "user-llm-text", "bot-stopped-speaking"]);
    run.live.connection.say({ interrupted: true });
    turnComplete(run);
    await botSays(run, ["Yes."], 400);
    await settle(400);
    expect(run.told("bot-interrupted")).toHaveLength(1);
    expect(run.told("bot-output").at(-1)).toMatchObject({ data: { text: "Yes.", will_be_spoken: true } });
  });

  it("send-text, run_immediately false: is for the model to know, and interrupts nobody", async () => {
    const run = await answering();
    await run.client.sendText("I live in Rome.", { run_immediately: false });
    turnComplete(run);
    await settle(4_000);
    const turns = [{ role: "user", text: "I live in Rome." }];
    expect(texts(run)).toEqual([{ kind: "content", turns, complete: false }]);
    expect(run.told("bot-interrupted")).toEqual([]);
  });

  it("send-text, audio_response false: is answered in writing only, and the next one aloud again", async () => {
    const run = await call();
    await run.client.sendText("Spell it.", { audio_response: false });
    await botSays(run, ["B. ", "O. ", "T"], 1_200);
    turnComplete(run);
    await settle(1_500);
    expect(run.events("botOutput")).toMatchObject([
      { text: "B.", will_be_spoken: false },
      { text: "O.", will_be_spoken: false },
      { text: "T", will_be_spoken: false },
    ]);
    expect(run.told("bot-started-speaking", "bot-tts-started")).toEqual([]);
    expect(run.link.transcript).toMatchObject([{ role: "user" }, { role: "assistant", text: "B. O. T" }]);
    await run.client.sendText("Say it.");
    await botSays(run, ["Bot."], 400);
    await settle(400);
    expect(run.events("botOutput").at(-1)).toMatchObject({ text: "Bot.", will_be_spoken: true });
  });

  it("llm-function-call-result: is refused, since no function is left to the client", async () => {
    const run = await call();
    const result = { function_name: "f", tool_call_id: "1", arguments: {}, result: {} };
    run.send("llm-function-call-result", result);
    expect(run.events("messageError")).toMatchObject([
      { data: { error: expect.stringContaining("function") } },
    ]);
  });

  it("dtmf: is refused", async () => {
    const run = await call();
    run.client.sendDTMF("12#");
    expect(run.told("error-response")).toMatchObject([
      { data: { error: "This bot does not understand keys." } },
    ]);
  });

  it("raw-audio, raw-audio-batch: reach the model before what comes after them", async () => {
    const run = await call();
    const format = { sampleRate: 16_000, numChannels: 1 };
    run.send("raw-audio-batch", { base64AudioBatch: [PCM_BASE64, PCM_BASE64], ...format });
    run.send("raw-audio", { base64Audio: PCM_BASE64, ...format });
    await microphone(run, 20);
    expect(run.live.connection.audio.map((chunk) => chunk[0])).toEqual([7, 7, 7, 7, 7, 7, 0]);
  });

  it("ui-event, ui-snapshot, ui-cancel-job-group, append-to-context, and what else there may be: are refused", async () => {
    const run = await call();
    run.client.sendUIEvent("tap", { on: "it" });
    run.send("ui-snapshot", { tree: {} });
    run.client.cancelUIJobGroup("job");
    await run.client.appendToContext({ role: "user", content: "Hi", run_immediately: true });
    run.send("dance");
    expect(run.told("error-response").map(({ data }) => data)).toEqual(
      ["ui-event", "ui-snapshot", "ui-cancel-job-group", "append-to-context", "dance"].map((type) => ({
        error: `Unsupported type ${type}`,
      })),
    );
  });

  it("a known type with bad data: is refused by its id, with what is wrong", async () => {
    const run = await call();
    run.send("send-text", { content: 5 });
    expect(run.told("error-response")).toMatchObject([
      { id: run.wire.at(-2)?.id, data: { error: expect.stringMatching(/^Invalid message: .*content/) } },
    ]);
  });
});

describe("to the client", () => {
  it("error: is fatal when the model is lost for good, readable by old and new clients, and ends the call", async () => {
    const run = await call();
    run.live.script.push(...Array.from({ length: 20 }, () => "unavailable" as const));
    run.live.connection.end(1011, "Internal error encountered.");
    await settle(60_000);
    const detail = expect.any(String);
    expect(run.events("error")).toMatchObject([{ data: { error: detail, message: detail, fatal: true } }]);
    expect(run.client.state).toBe("disconnected");
  });

  it("server-message: tells when the model is away, and when it is back", async () => {
    const run = await call();
    run.live.connection.end(1011, "Internal error encountered.");
    await settle(10);
    expect(run.events("serverMessage")).toMatchObject([
      { t: "assistant-status", d: { status: "away" } },
      { t: "assistant-status", d: { status: "back" } },
    ]);
  });

  it("user-started-speaking, user-stopped-speaking: by the local detector", async () => {
    const run = await call();
    await userSays(run, ["Hi."], 400);
    expect(run.told("user-started-speaking", "user-stopped-speaking").map(({ type }) => type)).toEqual([
      "user-started-speaking",
      "user-stopped-speaking",
    ]);
    expect(run.events("userStartedSpeaking")).toHaveLength(1);
    expect(run.events("userStoppedSpeaking")).toHaveLength(1);
  });

  it("user-transcription: grows while the user speaks, and is final at the end", async () => {
    const run = await call();
    await userSays(run, ["What ", "is ", "it?"], 900);
    expect(run.events("userTranscript")).toMatchObject([
      { text: "What", final: false },
      { text: "What is", final: false },
      { text: "What is it?", final: false },
      { text: "What is it?", final: true, user_id: "user-1", timestamp: new Date(NOW).toISOString() },
    ]);
  });

  it("user-llm-text: what the user wrote", async () => {
    const run = await call();
    await run.client.sendText("Hello there");
    expect(run.events("userLlmText")).toEqual([{ text: "Hello there" }]);
  });

  it("bot-llm-started, -text, -stopped and bot-tts-started, -text, -stopped: the answer as it is made", async () => {
    const run = await answered();
    const types = ["started", "text", "stopped"].flatMap((end) => [`bot-llm-${end}`, `bot-tts-${end}`]);
    const [first, second] = run.told(...types);
    expect([first?.type, second?.type]).toEqual(["bot-llm-started", "bot-tts-started"]);
    expect(
      run
        .told(...types)
        .slice(-2)
        .map(({ type }) => type),
    ).toEqual(["bot-tts-stopped", "bot-llm-stopped"]);
    for (const event of ["botLlmText", "botTtsText"]) {
      const words = run.events(event).map((data) => (data as { text: string }).text);
      expect(words.join("")).toBe("One two three four. Five six seven eight.");
    }
  });

  it("bot-started-speaking, bot-stopped-speaking: by what is really played", async () => {
    const run = await answered();
    const [started, stopped] = run.wire.filter(({ type }) => /^bot-st.*-speaking$/.test(type));
    expect(started?.type).toBe("bot-started-speaking");
    expect(stopped?.type).toBe("bot-stopped-speaking");
    expect((stopped?.atMs ?? 0) - (started?.atMs ?? 0)).toBeGreaterThanOrEqual(3_960);
    expect((stopped?.atMs ?? 0) - (started?.atMs ?? 0)).toBeLessThanOrEqual(4_040);
  });

  it("bot-output: each sentence is new, in progress word by word as it is heard, and completed", async () => {
    const run = await answered();
    const outputs = run.events("botOutput") as {
      segment_id: number;
      spoken_status: string;
      spoken_progress: { accumulated_text: string };
    }[];
    const story = outputs.map(
      ({ segment_id, spoken_status, spoken_progress }) =>
        `${segment_id} ${spoken_status}: ${spoken_progress.accumulated_text}`,
    );
    expect(story).toEqual([
      "1 new: ",
      "1 in-progress: One",
      "2 new: ",
      "1 in-progress: One two",
      "1 in-progress: One two three",
      "1 completed: One two three four.",
      "2 in-progress: Five",
      "2 in-progress: Five six",
      "2 in-progress: Five six seven",
      "2 completed: Five six seven eight.",
    ]);
    expect(run.told("bot-started-speaking", "bot-output")[0]?.type).toBe("bot-started-speaking");
  });

  it("bot-output: follows the sound, not the words", async () => {
    const run = await answered();
    const startedAt = run.wire.find(({ type }) => type === "bot-started-speaking")?.atMs ?? 0;
    const [first] = run.wire.filter(
      ({ data }) => (data as { spoken_status?: string } | undefined)?.spoken_status === "completed",
    );
    // Half of four seconds, give or take a word.
    expect((first?.atMs ?? 0) - startedAt).toBeGreaterThan(1_500);
    expect((first?.atMs ?? 0) - startedAt).toBeLessThan(2_500);
  });

  it("bot-output of an interrupted answer: stays where it was cut off", async () => {
    const run = await answering();
    await settle(1_000);
    run.live.connection.say({ interrupted: true });
    turnComplete(run);
    await settle(5_000);
    const outputs = run.events("botOutput") as { segment_id: number; spoken_status: string }[];
    expect(outputs.at(-1)).toMatchObject({ spoken_status: "in-progress" });
    expect(
      outputs.filter(({ segment_id }) => segment_id === 2).map((one) => one.spoken_status),
    ).not.toContain("completed");
  });

  it("bot-output to a client of version 1: each sentence once, with spoken", async () => {
    const run = await answered({ transport: "1.6.0" });
    expect(run.events("botOutput")).toEqual([
      { text: "One two three four.", aggregated_by: "sentence", spoken: true },
      { text: "Five six seven eight.", aggregated_by: "sentence", spoken: true },
    ]);
  });

  it("bot-transcription: by sentence, for clients from before bot-output", async () => {
    const run = await answered({ transport: "1.4.1" });
    expect(run.events("botTranscript")).toEqual([
      { text: "One two three four." },
      { text: "Five six seven eight." },
    ]);
  });

  it("bot-interrupted: when the user breaks in, and the bot stops at once", async () => {
    const run = await answering();
    run.voice.onset();
    run.live.connection.say({ interrupted: true });
    await settle(40);
    expect(run.told("bot-interrupted", "bot-stopped-speaking").map(({ type }) => type)).toEqual([
      "bot-interrupted",
      "bot-stopped-speaking",
    ]);
    turnComplete(run);
  });

  it("llm-function-call-started, -in-progress, -stopped: without name, arguments and result", async () => {
    const run = await call();
    run.client.registerFunctionCallHandler("get_time", async () => ({ time: "never" }));
    run.live.connection.events.message({
      toolCall: { functionCalls: [{ id: "f1", name: "get_time", args: {} }] },
    });
    await settle(10);
    expect(run.told().filter(({ type }) => type.startsWith("llm-function"))).toEqual([
      { atMs: 0, to: "client", type: "llm-function-call-started", data: {} },
      { atMs: 0, to: "client", type: "llm-function-call-in-progress", data: { tool_call_id: "f1" } },
      {
        atMs: 0,
        to: "client",
        type: "llm-function-call-stopped",
        data: { tool_call_id: "f1", cancelled: false },
      },
    ]);
    expect(run.events("llmFunctionCallStopped")).toHaveLength(1);
    // The client's own handler is not asked for what the bot does by itself.
    expect(run.wire.filter(({ to }) => to === "bot").map(({ type }) => type)).toEqual(["client-ready"]);
  });

  it("metrics: seconds to the first audio and to the last, and tokens", async () => {
    const run = await call();
    await userSays(run, ["Hi."], 600);
    await settle(640);
    await botSays(run, ["Yes."], 400);
    turnComplete(run, 30);
    await settle(500);
    expect(run.events("metrics")).toEqual(
      expect.arrayContaining([
        { ttfb: [{ processor: "GeminiLive", value: 0.64 }] },
        { processing: [{ processor: "GeminiLive", value: 0.74 }] },
        { tokens: [{ prompt_tokens: 30, completion_tokens: 30, total_tokens: 60 }] },
      ]),
    );
  });

  it("error-response and server-response: have the id of what they answer", async () => {
    const run = await call({ metadata: { turns: "push-to-talk" } });
    await run.client.sendClientRequest("talk", { pressed: true });
    await run.client.sendClientRequest("dance", {}).catch(() => {});
    const [known, unknown] = run.wire.filter(({ type }) => type === "client-message");
    expect(run.told("server-response", "error-response")).toMatchObject([
      { type: "server-response", id: known?.id, data: { t: "talk", d: { pressed: true } } },
      { type: "error-response", id: unknown?.id },
    ]);
  });

  it("what the protocol has beyond that: is never sent", async () => {
    const run = await answering();
    run.live.connection.events.message({
      toolCall: { functionCalls: [{ id: "f1", name: "get_time", args: {} }] },
    });
    run.voice.onset();
    await userSays(run, ["Wait!"], 400);
    run.live.connection.say({ interrupted: true });
    turnComplete(run, 10);
    await settle(1_000);
    run.send("dance");
    const reference = await readFile(join(import.meta.dirname, "reference-conversation.json"), "utf8");
    const sent = new Set([...run.told(), ...toClient(reference)].map(({ type }) => type));
    expect([...sent].filter((type) => NEVER_SENT.has(type))).toEqual([]);
    expect(sent.size).toBeGreaterThan(20);
  });

  it("has no id but where it answers one", async () => {
    const run = await answered();
    const answers = ["bot-ready", "error-response", "server-response"];
    for (const message of run.told()) expect("id" in message).toBe(answers.includes(message.type));
  });
});

describe("README.md", () => {
  it("names a test for each type that the client knows, and no test that there is not", async () => {
    const read = (file: string) => readFile(join(import.meta.dirname, file), "utf8");
    const [table, tests] = await Promise.all([read("README.md"), read("rtvi-rows.test.ts")]);
    const rows = [...table.matchAll(/^\| (.*`.*|all|any.*) \| (.*) \|$/gm)];
    const types = rows.flatMap(([, cell = ""]) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, type]) => type));
    expect(Object.values(RTVIMessageType).filter((type) => !types.includes(type))).toEqual([]);
    const titles = [...tests.matchAll(/^ {2}(?:it|\]\))\((?:"(.*)"), async/gm)].map(([, title]) => title);
    expect(rows.map(([, , title]) => title).filter((title) => !titles.includes(title))).toEqual([]);
    expect(titles.filter((title) => !rows.some(([, , named]) => named === title))).toEqual([
      "names a test for each type that the client knows, and no test that there is not",
    ]);
  });
});
