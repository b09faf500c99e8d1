import {
  FunctionResponseScheduling,
  type LiveConnectConfig,
  type LiveServerMessage,
  VoiceActivityType,
} from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EMULATED_VERTEX_TOKEN } from "../settings.ts";
import {
  audioOf,
  CONFIG,
  type ConnectOptions,
  holdTime,
  is,
  pass,
  passUntil,
  samplesIn,
  speak,
  startTestEmulator,
  textOf,
} from "../test-support/emulator.ts";
import { VERTEX_PATH } from "../test-support/paths.ts";
import { VERTEX_PREFIX } from "../test-support/setups.ts";
import { sequence, speechLike } from "../test-support/signals.ts";

/**
 * Every message that a server sends, as the official client (@google/genai 3.1.0) gives it to its callback, and as a
 * bare WebSocket sees it where the client hides something.
 */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await emulator.post("reset", {});
});

const LIVE_25: ConnectOptions = { model: "gemini-2.5-flash-native-audio-latest" };
const VERTEX: ConnectOptions = { vertex: true };
const TOOLS: LiveConnectConfig = {
  ...CONFIG,
  tools: [{ functionDeclarations: [{ name: "look" }, { name: "find" }] }],
};
/** A question, with the pause that ends it. */
const QUESTION = sequence(400, speechLike({ ms: 1_200 }), 800);
const TONE = { kind: "tone", hz: 440, durationMs: 2_000 };

/** A session that is open, with what a test orders of it alone. */
async function start(config: LiveConnectConfig = CONFIG, options: ConnectOptions = {}) {
  const connected = await emulator.connect(config, options);
  const { id } = await emulator.newestSession();
  return {
    ...connected,
    id,
    order: (fault: object) => emulator.post("faults", { ...fault, session: id }),
    answer: (answer: object) => emulator.post("answer", { answer, session: id }),
    /** Asks by text, and waits for the whole answer. */
    async ask() {
      const turns = connected.messages.filter(is("turnComplete")).length;
      connected.session.sendRealtimeInput({ text: "Hello" });
      await passUntil(() => connected.messages.filter(is("turnComplete")).length > turns);
    },
  };
}

const contents = (messages: LiveServerMessage[]) =>
  messages.flatMap(({ serverContent }) => (serverContent ? [serverContent] : []));

/** The fields of each content. */
const layout = (messages: LiveServerMessage[]) =>
  contents(messages).map((content) =>
    Object.keys(content)
      .filter((field) => field !== "turnCompleteReason" && field !== "interactionStatus")
      .join(" "),
  );

describe("the frame", () => {
  test("is binary, and its JSON is indented and ends in a newline", async () => {
    const { frames } = await emulator.openSession();
    expect(frames[0]).toEqual({ data: '{\n  "setupComplete": {}\n}\n', isBinary: true });
  });
});

describe("setupComplete", () => {
  test("is empty on the Gemini API", async () => {
    const { messages } = await start();
    expect(messages[0]?.setupComplete).toEqual({});
  });

  test("has the session's id on Vertex", async () => {
    const { messages } = await start(CONFIG, VERTEX);
    expect(messages[0]?.setupComplete).toEqual({ sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });
});

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

describe("toolCall", () => {
  test("has calls with name, arguments and id, and its result is told in a turn of its own", async () => {
    const { session, messages, order } = await start(TOOLS);
    holdTime();
    await order({ fault: "toolCall", name: "look", args: { where: "left" } });
    await passUntil(() => messages.some(({ toolCall }) => toolCall));
    const [call] = messages.flatMap(({ toolCall }) => toolCall?.functionCalls ?? []);
    expect(call).toEqual({
      name: "look",
      args: { where: "left" },
      id: expect.stringMatching(/^function-call-\d{19}$/),
    });
    const functionResponses = { id: call?.id ?? "", name: "look", response: { output: "a tree" } };
    session.sendToolResponse({ functionResponses });
    await passUntil(() => messages.filter(is("turnComplete")).length === 2);
    expect(textOf(messages)).toBe('look: {"output":"a tree"}');
    expect(audioOf(messages).length).toBeGreaterThan(0);
  });

  test("may have several calls, each of which is answered", async () => {
    const { session, messages, order, id } = await start(TOOLS, LIVE_25);
    holdTime();
    const calls = [
      { name: "look", id: "one" },
      { name: "find", id: "two" },
    ];
    await order({ fault: "toolCall", calls });
    await passUntil(() => messages.some(({ toolCall }) => toolCall));
    expect(messages.find(({ toolCall }) => toolCall)?.toolCall?.functionCalls).toHaveLength(2);
    session.sendToolResponse({ functionResponses: [{ id: "two", name: "find", response: {} }] });
    await pass(1_000);
    expect(audioOf(messages)).toEqual([]);
    session.sendToolResponse({ functionResponses: [{ id: "one", name: "look", response: {} }] });
    await passUntil(() => messages.some(is("turnComplete")));
    const states = (await emulator.sessions()).find((view) => view.id === id)?.toolCalls;
    expect(states?.map(({ state }) => state)).toEqual(["answered", "answered"]);
  });

  test("is made of what the setup declares alone", async () => {
    const { order } = await start(TOOLS);
    const refused = await order({ fault: "toolCall", name: "sing" });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      code: "conflict",
      detail: "The setup declares no function sing.",
    });
  });

  test("that nobody made closes the session when it is answered", async () => {
    const { session, closes } = await start(TOOLS);
    session.sendToolResponse({ functionResponses: [{ id: "none", name: "look", response: {} }] });
    await vi.waitFor(() =>
      expect(closes).toEqual([
        {
          code: 1007,
          reason: "Request contains an invalid argument. No function call none is known.",
        },
      ]),
    );
  });
});

test("toolCallCancellation comes when the user speaks, and a late result does no harm", async () => {
  const { session, messages, order, closes } = await start(TOOLS, LIVE_25);
  holdTime();
  await order({
    fault: "toolCall",
    calls: [
      { name: "look", id: "one" },
      { name: "find", id: "two" },
    ],
  });
  await passUntil(() => messages.some(({ toolCall }) => toolCall));
  speak(session, sequence(200, speechLike({ ms: 400 })));
  await passUntil(() => messages.some(is("turnComplete")));
  const cancellations = messages.flatMap(({ toolCallCancellation }) => toolCallCancellation ?? []);
  expect(cancellations).toEqual([{ ids: ["one", "two"] }]);
  session.sendToolResponse({ functionResponses: [{ id: "one", name: "look", response: {} }] });
  const turns = messages.filter(is("turnComplete")).length;
  speak(session, QUESTION);
  await passUntil(() => messages.filter(is("turnComplete")).length > turns);
  expect(closes).toEqual([]);
  expect(textOf(messages)).not.toContain("look:");
});

test.each([
  [50_000, "50s"],
  [1_500, "1.500s"],
])("goAway with %i ms left says %s", async (timeLeftMs, timeLeft) => {
  const { messages, order } = await start();
  await order({ fault: "goAway", timeLeftMs });
  await vi.waitFor(() => expect(messages.at(-1)?.goAway).toEqual({ timeLeft }));
});

describe("sessionResumptionUpdate", () => {
  const RESUMABLE = { ...TOOLS, sessionResumption: {} };
  const updates = (messages: LiveServerMessage[]) =>
    messages.flatMap(({ sessionResumptionUpdate }) => sessionResumptionUpdate ?? []);

  test("has a new handle before and after an answer, and none during it", async () => {
    const { messages, ask } = await start(RESUMABLE);
    holdTime();
    await ask();
    await passUntil(() => updates(messages).length === 3);
    const [before, during, after] = updates(messages);
    expect(before).toEqual({ newHandle: expect.stringMatching(/^Ci/), resumable: true });
    expect(during).toEqual({ newHandle: "", resumable: false });
    expect(after).toEqual({ newHandle: expect.stringMatching(/^Ci/), resumable: true });
    expect(after?.newHandle).not.toBe(before?.newHandle);
    const place = (update: unknown) =>
      messages.findIndex(({ sessionResumptionUpdate }) => sessionResumptionUpdate === update);
    expect(place(during)).toBeLessThan(messages.findIndex(({ serverContent }) => serverContent));
    expect(place(after)).toBeGreaterThan(messages.findIndex(is("turnComplete")));
  });

  test("says that there is none while a function is under way", async () => {
    const { session, messages, order } = await start(RESUMABLE);
    await order({ fault: "toolCall", name: "look", id: "one" });
    await vi.waitFor(() => expect(messages.some(is("turnComplete"))).toBe(true));
    expect(updates(messages).map(({ resumable }) => resumable)).toEqual([true, false]);
    const scheduling = FunctionResponseScheduling.SILENT;
    session.sendToolResponse({ functionResponses: [{ id: "one", name: "look", response: {}, scheduling }] });
    await vi.waitFor(() => expect(updates(messages).at(-1)?.resumable).toBe(true));
  });

  test("counts on Vertex what the client has said, where the setup is transparent", async () => {
    const config = { ...CONFIG, sessionResumption: { transparent: true } };
    const { session, messages, ask } = await start(config, VERTEX);
    speak(session, sequence(40));
    holdTime();
    await ask();
    await passUntil(() => updates(messages).length === 3);
    const indexes = updates(messages).map((update) => update.lastConsumedClientMessageIndex);
    expect(indexes).toEqual(["0", "3", "3"]);
  });

  test("does not come unless the setup asks for it", async () => {
    const { messages, ask } = await start();
    holdTime();
    await ask();
    expect(updates(messages)).toEqual([]);
  });
});

describe("voiceActivity", () => {
  test("comes on Vertex where the setup asks for it, and is called otherwise on the wire", async () => {
    const { session, messages } = await start({ ...CONFIG, explicitVadSignal: true }, VERTEX);
    holdTime();
    speak(session, QUESTION);
    await passUntil(() => messages.some(is("turnComplete")));
    const offset = expect.stringMatching(/^\d+(\.\d{3})?s$/);
    expect(messages.flatMap(({ voiceActivity }) => voiceActivity ?? [])).toEqual([
      { voiceActivityType: VoiceActivityType.ACTIVITY_START, audioOffset: offset },
      { voiceActivityType: VoiceActivityType.ACTIVITY_END, audioOffset: offset },
    ]);
    const log = await emulator.messages((await emulator.newestSession()).id);
    expect(JSON.stringify(log)).toContain('{"voiceActivity":{"type":"ACTIVITY_START"');
  });

  test("has an older form, which comes by order alone", async () => {
    const { messages, order } = await start();
    const voiceActivityDetectionSignal = { vadSignalType: "VAD_SIGNAL_TYPE_SOS" };
    await order({ fault: "message", message: { voiceActivityDetectionSignal } });
    await vi.waitFor(() => expect(messages.at(-1)).toMatchObject({ voiceActivityDetectionSignal }));
  });
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
