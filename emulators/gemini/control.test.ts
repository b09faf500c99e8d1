import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ERRORS } from "../../protocol/errors.ts";
import {
  audioOf,
  CONFIG,
  holdTime,
  is,
  pass,
  passUntil,
  speak,
  startTestEmulator,
} from "./test-support/emulator.ts";
import { sequence } from "./test-support/signals.ts";

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

describe("the control API", () => {
  test("orders answers for one session or for all", async () => {
    const [one, id] = [await emulator.connect(), (await emulator.newestSession()).id];
    const other = await emulator.connect();
    await emulator.post("answer", { answer: { kind: "silence", durationMs: 100 } });
    await emulator.post("answer", { answer: { kind: "tone", hz: 1000, durationMs: 100 }, session: id });
    holdTime();
    one.session.sendRealtimeInput({ text: "Hello" });
    other.session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => [one, other].every(({ messages }) => messages.some(is("turnComplete"))));
    expect(audioOf(one.messages)[0]?.some((sample) => sample !== 0)).toBe(true);
    expect(audioOf(other.messages)).toEqual([new Int16Array(2400)]);
    await emulator.post("reset", {});
  });

  test.each([
    ["GET", "nothing", undefined, "not_found"],
    ["GET", "sessions/none/audio", undefined, "session_not_found"],
    ["GET", "sessions/none", undefined, "session_not_found"],
    ["GET", "sessions/none/audio/more", undefined, "not_found"],
    ["POST", "sessions", "{}", "method_not_allowed"],
    ["GET", "faults", undefined, "method_not_allowed"],
    ["POST", "toString", "{}", "not_found"],
    ["POST", "faults", "{", "invalid_json"],
    ["POST", "faults", '{"fault":"earthquake"}', "invalid_request"],
    ["POST", "faults", '{"fault":"close","code":1006}', "invalid_request"],
    ["POST", "faults", '{"fault":"refuse","status":503,"session":"live-1"}', "invalid_request"],
    ["POST", "faults", '{"fault":"drop","session":"none"}', "session_not_found"],
    ["POST", "faults", '{"fault":"drop","at":"whenever"}', "invalid_request"],
    ["POST", "faults", '{"fault":"drop","at":"onResume","session":"none"}', "session_not_found"],
    ["POST", "faults", '{"fault":"capConnection","ms":1000,"session":"none"}', "session_not_found"],
    ["POST", "faults", '{"fault":"capConnection","ms":1000,"timeLeftMs":2000}', "invalid_request"],
    ["POST", "faults", '{"fault":"toolCall"}', "invalid_request"],
    ["POST", "faults", '{"fault":"toolCall","name":"a","calls":[{"name":"b"}]}', "invalid_request"],
    ["POST", "faults", '{"fault":"toolCall","calls":[{"name":"b"}],"args":{}}', "invalid_request"],
    ["POST", "faults", '{"fault":"message","message":{"serverContent":{}}}', "invalid_request"],
    ["POST", "faults", '{"fault":"oversizedFrame","bytes":1000000000}', "invalid_request"],
    ["POST", "answer", '{"answer":{"kind":"tone","hz":440,"durationMs":1e12}}', "invalid_request"],
    ["POST", "answer", '{"answer":{"kind":"demo"},"session":"none"}', "session_not_found"],
    ["POST", "pace", '{"firstAudioMs":{"minMs":2,"maxMs":1}}', "invalid_request"],
    ["POST", "pace", '{"speed":1,"session":"none"}', "session_not_found"],
    ["POST", "seed", '{"seed":0.5}', "invalid_request"],
    ["POST", "badKey", '{"code":1009}', "invalid_request"],
  ] as const)("%s %s %s is refused as %s", async (method, path, body, code) => {
    const response = await fetch(`${emulator.url}/_emulator/${path}`, { method, body: body ?? null });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = await response.json();
    expect(problem).toMatchObject({ code, status: response.status, detail: expect.stringMatching(/\S/) });
    expect(response.status).toBe(ERRORS[code].status);
  });

  test("refuses one fault more than can wait, until reset", async () => {
    const order = { fault: "drop", at: "onResume" };
    const replies = [];
    for (let i = 0; i < 101; i++) replies.push(await emulator.post("faults", order));
    expect(replies.map(({ status }) => status)).toEqual([...Array.from({ length: 100 }, () => 200), 409]);
    expect(await replies.at(-1)?.json()).toMatchObject({ code: "conflict" });
    await emulator.post("reset", {});
    expect((await emulator.post("faults", order)).status).toBe(200);
    await emulator.post("reset", {});
  });

  test("refuses a body that is too large, and closes the connection", async () => {
    const response = await fetch(`${emulator.url}/_emulator/answer`, {
      method: "POST",
      body: "x".repeat(70_000),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "body_too_large" });
  });

  test("tells of one session what it is and what happened to it", async () => {
    const config = {
      ...CONFIG,
      sessionResumption: {},
      tools: [{ functionDeclarations: [{ name: "look" }] }],
    };
    const { messages } = await emulator.connect(config);
    const { id } = await emulator.newestSession();
    await emulator.post("faults", { fault: "toolCall", name: "look", id: "call-1", session: id });
    await vi.waitFor(() => expect(messages.some((message) => message.toolCall)).toBe(true));
    const response = await fetch(`${emulator.url}/_emulator/sessions/${id}`);
    expect(await response.json()).toMatchObject({
      id,
      personality: "3.8",
      handles: 1,
      resumedFrom: null,
      toolCalls: [{ id: "call-1", name: "look", state: "pending" }],
    });
  });

  test("shows what passed, with the size of sound, and no handle", async () => {
    const { session, messages } = await emulator.connect({ ...CONFIG, sessionResumption: {} });
    const { id } = await emulator.newestSession();
    speak(session, sequence(100));
    session.sendRealtimeInput({ text: "Hello" });
    await vi.waitFor(() => expect(audioOf(messages).length).toBeGreaterThan(0));
    const passed = await emulator.messages(id);
    expect(passed.slice(0, 5)).toMatchObject([
      { direction: "in", message: { setup: { model: "models/gemini-3.8-live" } } },
      { direction: "out", message: { setupComplete: {} } },
      {
        direction: "out",
        message: { sessionResumptionUpdate: { newHandle: "(handle)", resumable: true } },
      },
      {
        direction: "in",
        times: 5,
        message: { realtimeInput: { audio: { data: 3_200, mimeType: "audio/pcm;rate=16000" } } },
      },
      { direction: "in", message: { realtimeInput: { text: "Hello" } } },
    ]);
    const sound = passed
      .map(({ message }) => JSON.stringify(message))
      .find((text) => text.includes("inlineData"));
    expect(sound).toContain('"data":9600');
    const times = passed.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test("sets the pace, of one session or of all", async () => {
    const { session, messages } = await emulator.connect();
    const { id } = await emulator.newestSession();
    await emulator.post("answer", { answer: { kind: "tone", hz: 440, durationMs: 200 }, session: id });
    await emulator.post("pace", { firstAudioMs: 5_000, chunkMs: 100, speed: 1, session: id });
    holdTime();
    session.sendRealtimeInput({ text: "Hello" });
    await pass(0);
    await pass(4_900);
    expect(audioOf(messages)).toEqual([]);
    await passUntil(() => audioOf(messages).length === 2);
    expect(audioOf(messages).map(({ length }) => length)).toEqual([2_400, 2_400]);
  });

  test("with the same seed and the same input sends the same messages at the same times", async () => {
    await emulator.post("pace", { firstAudioMs: { minMs: 100, maxMs: 2_000 }, jitterMs: 150 });
    await emulator.post("answer", { answer: { kind: "tone", hz: 440, durationMs: 1_000 } });
    const tools = [{ functionDeclarations: [{ name: "look" }] }];
    async function run(seed: number) {
      await emulator.post("seed", { seed });
      const { session, messages } = await emulator.connect({ ...CONFIG, tools });
      const { id } = await emulator.newestSession();
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      session.sendRealtimeInput({ text: "Hello" });
      await pass(0);
      await passUntil(() => messages.some(is("turnComplete")));
      await emulator.post("faults", { fault: "toolCall", name: "look", session: id });
      await passUntil(() => messages.some((message) => message.toolCall));
      vi.useRealTimers();
      const passed = await emulator.messages(id);
      const hello = passed.findIndex(({ message }) => JSON.stringify(message).includes("Hello"));
      return passed
        .slice(hello + 1)
        .filter(({ direction }) => direction === "out")
        .map(({ atMs, message }) => [Math.round(atMs - (passed[hello]?.atMs ?? 0)), message]);
    }
    const first = await run(7);
    expect(first.length).toBeGreaterThan(5);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    await emulator.post("reset", {});
  });
});
