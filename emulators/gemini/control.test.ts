import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ERRORS } from "../../protocol/errors.ts";
import { bytesOf, concat } from "./core/pcm.ts";
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
import { sequence, speechLike } from "./test-support/signals.ts";

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
    ["POST", "say", '{"answer":{"kind":"demo"},"session":"none"}', "session_not_found"],
    ["POST", "say", '{"answer":{"kind":"demo"},"everyMs":1}', "invalid_request"],
    ["POST", "heed", '{"speech":true,"session":"none"}', "session_not_found"],
    ["POST", "heed", "{}", "invalid_request"],
    ["GET", "sessions/none/arrivals", undefined, "session_not_found"],
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
    for (const [path, chars] of [
      ["pace", 70_000],
      ["answer", 1_100_000],
    ] as const) {
      const body = "x".repeat(chars);
      const response = await fetch(`${emulator.url}/_emulator/${path}`, { method: "POST", body });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: "body_too_large" });
    }
  });

  test("says what it is told, at once and as often as it is told, while a turn is under way or not", async () => {
    const [one, id] = [await emulator.connect(), (await emulator.newestSession()).id];
    const other = await emulator.connect();
    const pcm = speechLike({ ms: 400 });
    const answer = { kind: "sound", pcm: bytesOf(pcm).toString("base64") };
    holdTime();
    const said = await emulator.post("say", { answer, everyMs: 2_000, session: id });
    expect(await said.json()).toEqual({ sessions: [id] });
    await passUntil(() => one.messages.filter(is("turnComplete")).length === 3);
    expect(concat(audioOf(one.messages))).toEqual(concat([pcm, pcm, pcm]));
    expect(one.messages.some(is("interrupted"))).toBe(false);
    await emulator.post("say", { answer: { kind: "tone", hz: 440, durationMs: 1_000 }, session: id });
    await pass(100);
    await emulator.post("say", { answer: { kind: "silence", durationMs: 100 }, session: id });
    await passUntil(() => one.messages.filter(is("turnComplete")).length === 5);
    expect(one.messages.filter(is("interrupted"))).toHaveLength(1);
    await pass(5_000);
    expect(one.messages.filter(is("turnComplete"))).toHaveLength(5);
    expect(audioOf(other.messages)).toEqual([]);
  });

  test("says no more of what it was told to repeat after a reset, and after the end of the session", async () => {
    const { session, messages, closes } = await emulator.connect();
    const { id } = await emulator.newestSession();
    const order = { answer: { kind: "silence", durationMs: 100 }, everyMs: 1_000, session: id };
    holdTime();
    await emulator.post("say", order);
    await passUntil(() => messages.some(is("turnComplete")));
    await emulator.post("reset", {});
    await pass(3_000);
    expect(audioOf(messages)).toHaveLength(1);
    await emulator.post("say", order);
    await pass(0);
    session.close();
    await passUntil(() => closes.length === 1);
    const said = (await emulator.newestSession()).sentAudioMs;
    await pass(3_000);
    expect((await emulator.newestSession()).sentAudioMs).toBe(said);
    expect((await emulator.post("say", order)).status).toBe(404);
  });

  test("cannot let a session say anything before its setup", async () => {
    await emulator.openSocket();
    const { id } = await emulator.newestSession();
    const refused = await emulator.post("say", { answer: { kind: "demo" }, session: id });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: "conflict" });
    const open = (await emulator.sessions()).filter((session) => session.open);
    expect(await (await emulator.post("say", { answer: { kind: "demo" } })).json()).toEqual({
      sessions: open.map((session) => session.id).filter((one) => one !== id),
    });
  });

  test("does not heed what the user says, as long as it is told so, but records it", async () => {
    await emulator.post("heed", { speech: false });
    const { session, messages } = await emulator.connect();
    const { id } = await emulator.newestSession();
    const speech = sequence(500, speechLike({ ms: 1_000 }), 800);
    holdTime();
    await emulator.post("say", { answer: { kind: "tone", hz: 440, durationMs: 1_000 }, session: id });
    speak(session, speech);
    await passUntil(() => messages.some(is("turnComplete")));
    await pass(2_000);
    expect(messages.some(is("interrupted"))).toBe(false);
    expect(messages.filter(is("turnComplete"))).toHaveLength(1);
    expect(await emulator.recording(id, "audio")).toEqual(speech);
    await emulator.post("heed", { speech: true, session: id });
    speak(session, speech);
    await passUntil(() => messages.filter(is("turnComplete")).length === 2);
    await emulator.post("reset", {});
  });

  test("tells when each piece of sound came and went, by the clock of the machine", async () => {
    const { session, messages } = await emulator.connect();
    const { id } = await emulator.newestSession();
    const pieces = async (part: "arrivals" | "departures") => {
      const response = await fetch(`${emulator.url}/_emulator/sessions/${id}/${part}`);
      return (await response.json()) as { atMs: number; samples: number }[];
    };
    const epochMs = () => performance.timeOrigin + performance.now();
    const before = epochMs();
    speak(session, sequence(100));
    await vi.waitFor(async () => expect(await pieces("arrivals")).toHaveLength(5));
    const arrived = epochMs();
    await emulator.post("say", { answer: { kind: "silence", durationMs: 300 }, session: id });
    await vi.waitFor(() => expect(messages.some(is("turnComplete"))).toBe(true));
    const arrivals = await pieces("arrivals");
    const departures = await pieces("departures");
    expect(arrivals.map(({ samples }) => samples)).toEqual([320, 320, 320, 320, 320]);
    expect(departures.map(({ samples }) => samples)).toEqual([4_800, 2_400]);
    const times = [
      before,
      ...arrivals.map(({ atMs }) => atMs),
      arrived,
      ...departures.map(({ atMs }) => atMs),
    ];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(epochMs());
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
