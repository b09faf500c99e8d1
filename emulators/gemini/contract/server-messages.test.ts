import {
  FunctionResponseScheduling,
  type LiveConnectConfig,
  type LiveServerMessage,
  VoiceActivityType,
} from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  audioOf,
  CONFIG,
  type ConnectOptions,
  holdTime,
  is,
  pass,
  passUntil,
  speak,
  startTestEmulator,
  textOf,
} from "../test-support/emulator.ts";
import { LIVE_25, QUESTION, startLive, TOOLS } from "../test-support/live.ts";
import { sequence, speechLike } from "../test-support/signals.ts";

/**
 * Every message that a server sends but for `serverContent`, as the official client (@google/genai 3.1.0) gives it to
 * its callback, and as a bare WebSocket sees it where the client hides something.
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
