import type { LiveConnectConfig } from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EMULATED_VERTEX_TOKEN } from "../settings.ts";
import {
  audioOf,
  CONFIG,
  type ConnectOptions,
  holdTime,
  is,
  passUntil,
  samplesIn,
  speak,
  startTestEmulator,
  textOf,
} from "../test-support/emulator.ts";
import { contents, LIVE_25, layout, QUESTION, startLive, TONE } from "../test-support/live.ts";
import { VERTEX_PATH } from "../test-support/paths.ts";
import { VERTEX_PREFIX } from "../test-support/setups.ts";
import { sequence, speechLike } from "../test-support/signals.ts";

/**
 * Every field of `serverContent`, as the official client (@google/genai 3.1.0) gives it to its callback, and as a bare
 * WebSocket sees it where the client hides something.
 */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await emulator.post("reset", {});
});

const VERTEX: ConnectOptions = { vertex: true };
/** A session that is open, with what a test orders of it alone. */
const start = (config?: LiveConnectConfig, options?: ConnectOptions) => startLive(emulator, config, options);

describe("modelTurn", () => {
  test.each([
    ["the Gemini API", {}, "audio/pcm;rate=24000"],
    ["Vertex", VERTEX, "audio/pcm"],
  ])("on %s is sound as %o says", async (_, options, mimeType) => {
    const { messages, answer, ask } = await start(CONFIG, options);
    await answer(TONE);
    holdTime();
    await ask();
    const parts = contents(messages).flatMap(({ modelTurn }) => modelTurn?.parts ?? []);
    expect(new Set(parts.map(({ inlineData }) => inlineData?.mimeType))).toEqual(new Set([mimeType]));
    expect(samplesIn(audioOf(messages))).toBe(48_000);
  });

  test("comes in pieces of 200 ms, then 240 ms, faster than it plays", async () => {
    const { messages, answer, ask, id } = await start();
    await answer(TONE);
    holdTime();
    await ask();
    const bytes = audioOf(messages).map(({ byteLength }) => byteLength);
    expect(bytes[0]).toBe(9_600);
    expect(new Set(bytes.slice(1, -1))).toEqual(new Set([11_520]));
    const log = await emulator.messages(id);
    const sent = log.filter(({ message }) => JSON.stringify(message).includes("inlineData"));
    const lastedMs = (sent.at(-1)?.atMs ?? 0) - (sent[0]?.atMs ?? 0);
    expect(lastedMs).toBeGreaterThan(300);
    expect(lastedMs).toBeLessThan(700);
  });

  test("can have text, a thought or code, by order", async () => {
    const { messages, order } = await start();
    const parts = [
      { text: "The user is silent.", thought: true },
      { text: "Hello", thought: false },
      { executableCode: { language: "PYTHON", code: "print(1)" } },
      { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
    ];
    await order({ fault: "message", message: { serverContent: { modelTurn: { parts } } } });
    await vi.waitFor(() => expect(contents(messages)[0]?.modelTurn).toEqual({ role: "model", parts }));
  });
});

describe("inputTranscription", () => {
  test("comes in pieces with the language, of which the last is finished", async () => {
    const { session, messages } = await start();
    holdTime();
    speak(session, QUESTION);
    await passUntil(() => messages.some(is("turnComplete")));
    const pieces = contents(messages).flatMap(({ inputTranscription }) => inputTranscription ?? []);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.map(({ text }) => text).join("")).toMatch(/^\(1\.[12] s of speech\)$/);
    expect(pieces.map(({ finished }) => finished === true)).toEqual(
      pieces.map((_, i) => i === pieces.length - 1),
    );
    expect(new Set(pieces.map(({ languageCode }) => languageCode))).toEqual(new Set(["en-US"]));
  });

  test("does not come unless the setup asks for it", async () => {
    const { session, messages } = await start({ ...CONFIG, inputAudioTranscription: undefined });
    holdTime();
    speak(session, QUESTION);
    await passUntil(() => messages.some(is("turnComplete")));
    expect(contents(messages).some((content) => content.inputTranscription)).toBe(false);
  });
});

test("interimInputTranscription comes while the user speaks", async () => {
  const config = { ...CONFIG, realtimeInputConfig: { interimTranscriptTimestampEnabled: true } };
  const { session, messages } = await start(config);
  holdTime();
  speak(session, QUESTION);
  await passUntil(() => messages.some(is("turnComplete")));
  const interim = contents(messages).flatMap((content) => content.interimInputTranscription ?? []);
  expect(interim.map(({ text }) => text)).toEqual(["(0.5 s of speech)", "(1.0 s of speech)"]);
  const first = contents(messages).findIndex((content) => content.inputTranscription);
  expect(contents(messages).findLastIndex((content) => content.interimInputTranscription)).toBeLessThan(
    first,
  );
});

describe("outputTranscription", () => {
  test("comes in pieces with the space before each, ahead of the sound that says it", async () => {
    const { messages, ask } = await start(CONFIG, LIVE_25);
    holdTime();
    await ask();
    const pieces = contents(messages).flatMap(({ outputTranscription }) => outputTranscription?.text ?? []);
    expect(pieces.slice(0, 3)).toEqual(["This", " is", " the"]);
    expect(textOf(messages)).toBe("This is the offline demo. Say something and I will repeat it.");
    const order = layout(messages);
    expect(order.indexOf("outputTranscription")).toBeLessThan(order.indexOf("modelTurn"));
    expect(order.lastIndexOf("outputTranscription")).toBeLessThan(order.lastIndexOf("modelTurn"));
  });

  test("begins on Vertex with one that has no text", async () => {
    const { messages, ask } = await start(CONFIG, VERTEX);
    holdTime();
    await ask();
    expect(contents(messages)[0]).toEqual({ outputTranscription: {} });
    expect(textOf(messages)).toMatch(/^This is the offline demo\./);
  });

  test("does not come unless the setup asks for it", async () => {
    const { messages, ask } = await start({ ...CONFIG, outputAudioTranscription: undefined });
    holdTime();
    await ask();
    expect(textOf(messages)).toBe("");
    expect(audioOf(messages).length).toBeGreaterThan(0);
  });
});

test.each([
  ["3.8", {}],
  ["2.5", LIVE_25],
])("interrupted comes alone, then turnComplete, without generationComplete (%s)", async (_, options) => {
  const { session, messages } = await start(CONFIG, options);
  holdTime();
  session.sendRealtimeInput({ text: "Hello" });
  await passUntil(() => audioOf(messages).length > 2);
  speak(session, sequence(200, speechLike({ ms: 400 })));
  await passUntil(() => messages.some(is("turnComplete")));
  expect(layout(messages).slice(-2)).toEqual(["interrupted", "turnComplete"]);
  expect(messages.some(is("generationComplete"))).toBe(false);
});

test("generationComplete comes with the last sound, and turnComplete when that has been played", async () => {
  const { messages, answer, ask, id } = await start();
  await answer({ ...TONE, durationMs: 8_000 });
  holdTime();
  await ask();
  const log = await emulator.messages(id);
  const at = (field: string) =>
    log.find(({ message }) => JSON.stringify(message).includes(`"${field}"`))?.atMs ?? 0;
  expect(layout(messages).at(-2)).toBe("modelTurn generationComplete");
  // At four times its pace, 8 s of sound are out after 2 s.
  expect(at("turnComplete") - at("generationComplete")).toBeGreaterThan(5_900);
  expect(at("turnComplete") - at("modelTurn")).toBeGreaterThanOrEqual(8_000);
  expect(at("turnComplete") - at("modelTurn")).toBeLessThan(8_100);
});

describe("turnComplete", () => {
  test("has its reason, the status and the bill in the same message", async () => {
    const { session, messages, answer, ask } = await start({ ...CONFIG, systemInstruction: "x".repeat(40) });
    await answer(TONE);
    speak(session, sequence(4_000));
    holdTime();
    await ask();
    const end = messages.find(is("turnComplete"));
    expect(end?.serverContent).toEqual({
      turnComplete: true,
      turnCompleteReason: "NEED_MORE_INPUT",
      interactionStatus: "IDLE",
    });
    // 25 tokens for a second of sound, four characters for one of text: "Hello" and the instruction
    expect(end?.usageMetadata).toEqual({
      promptTokenCount: 112,
      responseTokenCount: 50,
      totalTokenCount: 162,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 12 },
        { modality: "AUDIO", tokenCount: 100 },
      ],
      responseTokensDetails: [{ modality: "AUDIO", tokenCount: 50 }],
    });
  });

  test("bills the whole context again with each turn", async () => {
    const { messages, answer, ask } = await start();
    await answer(TONE);
    holdTime();
    await ask();
    await ask();
    const bills = messages.flatMap(({ usageMetadata }) => usageMetadata ?? []);
    expect(bills.map(({ promptTokenCount }) => promptTokenCount)).toEqual([2, 3 + 50]);
  });
});

test("waitingForInput comes when the client has not said all", async () => {
  const { session, messages } = await start();
  session.sendClientContent({ turns: "For later.", turnComplete: false });
  await vi.waitFor(() => expect(contents(messages)).toEqual([{ waitingForInput: true }]));
});

test("groundingMetadata and urlContextMetadata come by order alone", async () => {
  const { messages, order } = await start();
  const serverContent = {
    groundingMetadata: { webSearchQueries: ["weather"] },
    urlContextMetadata: { urlMetadata: [] },
  };
  await order({ fault: "message", message: { serverContent } });
  await vi.waitFor(() => expect(contents(messages)).toEqual([serverContent]));
});

describe("the fields of one message", () => {
  test("are several from 3.x on, and turnComplete is the last", async () => {
    const { messages, answer, order, ask } = await start();
    holdTime();
    await answer(TONE);
    await ask();
    expect(layout(messages)).toContain("outputTranscription modelTurn");
    expect(layout(messages)).toContain("modelTurn generationComplete");
    await order({ fault: "emptyTurns" });
    await ask();
    expect(layout(messages).at(-1)).toBe("generationComplete turnComplete");
  });

  test("are one with 2.5", async () => {
    const { session, messages } = await start(CONFIG, LIVE_25);
    holdTime();
    speak(session, QUESTION);
    await passUntil(() => messages.some(is("turnComplete")));
    expect(layout(messages).filter((fields) => fields.includes(" "))).toEqual([]);
    expect(layout(messages)).toContain("generationComplete");
  });

  test("are as many on the wire as the client shows", async () => {
    const { frames, tell } = await emulator.openSession(
      { model: `${VERTEX_PREFIX}gemini-3.8-live`, outputAudioTranscription: {} },
      { path: VERTEX_PATH, headers: { authorization: `Bearer ${EMULATED_VERTEX_TOKEN}` } },
    );
    tell({ realtimeInput: { text: "Hello" } });
    await vi.waitFor(() => expect(frames.some(({ data }) => data.includes("modelTurn"))).toBe(true));
    const first = frames.find(({ data }) => data.includes("modelTurn"));
    expect(Object.keys(JSON.parse(first?.data ?? "{}").serverContent)).toEqual([
      "outputTranscription",
      "modelTurn",
    ]);
  });
});
