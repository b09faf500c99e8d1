import type { LiveConnectConfig } from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
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
import { startLive, TONE, TOOLS } from "../test-support/live.ts";
import { sequence } from "../test-support/signals.ts";

/** Faults of connections and when each happens: what a client sees of them. */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await emulator.post("reset", {});
});

const RESUMABLE: LiveConnectConfig = { ...CONFIG, sessionResumption: {} };
/** A session that is open, with what a test orders of it alone. */
const start = (config?: LiveConnectConfig, options?: ConnectOptions) => startLive(emulator, config, options);

/** A session that can be resumed and has ended, and its handle. */
async function ended() {
  const { messages, session, closes } = await emulator.connect(RESUMABLE);
  const { id } = await emulator.newestSession();
  const handle = () =>
    messages.flatMap(({ sessionResumptionUpdate }) => sessionResumptionUpdate?.newHandle ?? []).at(-1);
  await vi.waitFor(() => expect(handle()).toBeDefined());
  session.close();
  await vi.waitFor(() => expect(closes).toHaveLength(1));
  await vi.waitFor(async () => expect(await emulator.newestSession()).toMatchObject({ id, open: false }));
  return { id, resume: { ...CONFIG, sessionResumption: { handle: handle() ?? "" } } };
}

/** A connection while time stands still: a setup takes none of it. */
async function connectHeld() {
  const connecting = emulator.connect();
  let isConnected = false;
  void connecting.then(() => {
    isConnected = true;
  });
  for (let turn = 0; turn < 100 && !isConnected; turn++) await pass(0);
  return connecting;
}

describe("faults", () => {
  test("close, drop and malformed befall the named session only", async () => {
    const [first, firstId] = [await emulator.connect(), (await emulator.newestSession()).id];
    const [second, secondId] = [await emulator.connect(), (await emulator.newestSession()).id];
    const reply = await emulator.post("faults", {
      fault: "close",
      session: firstId,
      code: 1011,
      reason: "Internal.",
    });
    expect(await reply.json()).toEqual({ sessions: [firstId], next: false });
    await vi.waitFor(() => expect(first.closes).toEqual([{ code: 1011, reason: "Internal." }]));
    expect(second.closes).toEqual([]);
    await emulator.post("faults", { fault: "drop", session: secondId });
    await vi.waitFor(() => expect(second.closes[0]?.code).toBe(1006));
    expect(await emulator.newestSession()).toMatchObject({ id: secondId, open: false, closed: null });
  });

  test("without a session they befall the open ones and the next", async () => {
    const { closes } = await emulator.connect();
    const reply = await emulator.post("faults", { fault: "close", code: 1011, reason: "Twice." });
    expect(await reply.json()).toMatchObject({ next: true });
    await vi.waitFor(() => expect(closes).toHaveLength(1));
    const next = await emulator.connect();
    await vi.waitFor(() => expect(next.closes).toEqual([{ code: 1011, reason: "Twice." }]));
    const third = await emulator.connect();
    expect(third.closes).toEqual([]);
  });

  test("refuse answers one handshake with a status", async () => {
    await emulator.post("faults", { fault: "refuse", status: 503 });
    await expect(emulator.connect()).rejects.toThrow(/503/);
    await emulator.connect();
  });

  test("resetHandshake ends one connection instead of answering it", async () => {
    await emulator.post("faults", { fault: "resetHandshake" });
    await expect(emulator.openSocket()).rejects.toThrow(/hang up|ECONNRESET/);
    await emulator.connect();
  });

  test("slowHandshake answers one late, and an emulator that is closed not at all", async () => {
    const other = await startTestEmulator();
    for (const one of [emulator, other]) {
      await one.post("faults", { fault: "slowHandshake", ms: 5_000 });
      await one.post("faults", { fault: "slowHandshake", ms: 5_000 });
    }
    holdTime();
    const states: string[] = [];
    for (const [name, one] of Object.entries({ open: emulator, closed: other })) {
      one.openSocket().then(
        () => states.push(`${name} connected`),
        () => states.push(`${name} refused`),
      );
    }
    await pass(4_900);
    await other.close();
    await pass(90);
    expect(states).toEqual(["closed refused"]);
    await pass(10);
    await passUntil(() => states.length > 1);
    expect(states).toEqual(["closed refused", "open connected"]);
    await emulator.post("reset", {});
  });

  test("slowSetup delays setupComplete", async () => {
    await emulator.post("faults", { fault: "slowSetup", ms: 5_000 });
    holdTime();
    const setUp = vi.fn();
    const connected = emulator.connect().then(setUp);
    // The setup has arrived once its model is known.
    await vi.waitUntil(async () => (await emulator.sessions()).at(-1)?.model, { interval: 1 });
    await pass(4_000);
    expect(setUp).not.toHaveBeenCalled();
    await passUntil(() => setUp.mock.calls.length > 0);
    await connected;
  });

  test("goAway announces the end, which comes", async () => {
    const { messages, closes } = await emulator.connect();
    const { id } = await emulator.newestSession();
    holdTime();
    await emulator.post("faults", { fault: "goAway", timeLeftMs: 5_250, session: id });
    await passUntil(() => messages.at(-1)?.goAway !== undefined);
    expect(messages.at(-1)?.goAway).toEqual({ timeLeft: "5.250s" });
    await pass(5_000);
    expect(closes).toEqual([]);
    await passUntil(() => closes.length > 0);
    expect(closes[0]?.code).toBe(1011);
    expect(closes[0]?.reason).toBe("Deadline expired before operation could complete.");
  });

  test("freeze stops both directions, and nothing is lost", async () => {
    const { session, messages } = await emulator.connect();
    const { id } = await emulator.newestSession();
    await emulator.post("answer", { answer: { kind: "tone", hz: 440, durationMs: 8_000 }, session: id });
    holdTime();
    session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => audioOf(messages).length > 0);
    await emulator.post("faults", { fault: "freeze", ms: 1_000, session: id });
    await pass(0);
    const heard = messages.length;
    await pass(990);
    expect(messages.length).toBe(heard);
    // At four times its pace, the sound of a second fell into the freeze and comes at its end.
    await pass(10);
    expect(messages.length).toBeGreaterThan(heard + 10);
    await passUntil(() => messages.some(is("generationComplete")));
    expect(samplesIn(audioOf(messages))).toBe((await emulator.recording(id, "sent")).length);
  });

  test("freeze stops reading, and reset ends it", async () => {
    const { session } = await emulator.connect();
    const { id } = await emulator.newestSession();
    const named = async () => (await emulator.sessions()).find((view) => view.id === id)?.receivedAudioMs;
    speak(session, sequence(100));
    await vi.waitFor(async () => expect(await named()).toBe(100));
    await emulator.post("faults", { fault: "freeze", ms: 60_000, session: id });
    // Other connections are served meanwhile.
    await emulator.connect();
    for (let i = 0; i < 10; i++) {
      speak(session, sequence(100));
      await emulator.sessions();
    }
    expect(await named()).toBe(100);
    await emulator.post("reset", {});
    await vi.waitFor(async () => expect(await named()).toBe(1_100));
  });

  test("drop breaks off a frozen connection", async () => {
    const { closes } = await emulator.connect();
    const { id } = await emulator.newestSession();
    await emulator.post("faults", { fault: "freeze", ms: 60_000, session: id });
    await emulator.post("faults", { fault: "drop", session: id, afterMs: 50 });
    await vi.waitFor(() => expect(closes[0]?.code).toBe(1006));
    await vi.waitFor(async () => expect(await emulator.newestSession()).toMatchObject({ id, open: false }));
  });

  test("reset forgets what was ordered, and ended sessions", async () => {
    await emulator.post("faults", { fault: "refuse", status: 503 });
    await emulator.post("faults", { fault: "drop" });
    await emulator.post("answer", { answer: { kind: "tone", hz: 440, durationMs: 200 } });
    expect((await emulator.post("reset", {})).status).toBe(200);
    expect((await emulator.sessions()).filter(({ open }) => !open)).toEqual([]);
    const { session, messages } = await emulator.connect();
    holdTime();
    session.sendClientContent({ turns: "Hello" });
    await passUntil(() => textOf(messages).startsWith("This is the offline"));
  });
});

describe("a connection that is not set up", () => {
  test("is spared by reset what was ordered for the next one", async () => {
    await emulator.post("faults", { fault: "drop" });
    await emulator.post("faults", { fault: "capConnection", ms: 1 });
    const { tell, frames } = await emulator.openSocket();
    await emulator.post("reset", {});
    holdTime();
    tell({ setup: { model: "models/gemini-3.8-live" } });
    await passUntil(() => frames.length > 0);
    await pass(60_000);
    expect(frames.map(({ data }) => JSON.parse(data))).toEqual([{ setupComplete: {} }]);
    expect(await emulator.newestSession()).toMatchObject({ open: true });
  });

  test.each([
    { fault: "phantomInterrupted" },
    { fault: "message", message: { serverContent: { waitingForInput: true } } },
  ])("is told nothing out of turn, which is logged: $fault", async (fault) => {
    const logged: object[] = [];
    const watched = await startTestEmulator({ log: (event) => logged.push(event) });
    try {
      const { frames } = await watched.openSocket();
      const { id: session } = await watched.newestSession();
      await watched.post("faults", { ...fault, session });
      expect(logged.at(-1)).toMatchObject({
        event: "fault.impossible",
        sessionId: session,
        fault: fault.fault,
      });
      expect(frames).toEqual([]);
    } finally {
      await watched.close();
    }
  });
});

describe("the end of a connection", () => {
  test("goAway thenSilent says nothing more until the deadline", async () => {
    const { session, messages, closes, order } = await start();
    holdTime();
    await order({ fault: "goAway", timeLeftMs: 5_000, thenSilent: true });
    await passUntil(() => messages.at(-1)?.goAway?.timeLeft === "5s");
    session.sendRealtimeInput({ text: "Hello" });
    await pass(0);
    await pass(4_900);
    expect(messages.at(-1)?.goAway).toBeDefined();
    expect(closes).toEqual([]);
    await passUntil(() => closes.length > 0);
    expect(closes[0]?.code).toBe(1011);
  });

  test.each([
    [undefined, 1011, "Deadline expired before operation could complete."],
    [1000, 1000, "The operation was cancelled."],
  ])("capConnection ends each one after its time, code %s", async (code, closeCode, reason) => {
    const first = await emulator.connect();
    const order = { fault: "capConnection", ms: 60_000, timeLeftMs: 10_000, ...(code && { code }) };
    holdTime();
    expect(await (await emulator.post("faults", order)).json()).toMatchObject({ next: true });
    await pass(20_000);
    const second = await connectHeld();
    await pass(29_900);
    expect(first.messages.some(({ goAway }) => goAway)).toBe(false);
    await pass(100);
    expect(first.messages.at(-1)?.goAway).toEqual({ timeLeft: "10s" });
    await pass(9_900);
    expect(first.closes).toEqual([]);
    await passUntil(() => first.closes.length > 0);
    expect(first.closes[0]).toEqual({ code: closeCode, reason });
    // The second counts from its own setup.
    await pass(9_000);
    expect(second.messages.some(({ goAway }) => goAway)).toBe(false);
    await passUntil(() => second.closes.length > 0);
    expect(second.messages.at(-1)?.goAway).toEqual({ timeLeft: "10s" });
  });

  test("capConnection of one session leaves the others alone", async () => {
    const capped = await start();
    const other = await start();
    await capped.order({ fault: "capConnection", ms: 300, timeLeftMs: 200 });
    await vi.waitFor(() => expect(capped.closes).toHaveLength(1));
    expect(capped.messages.at(-1)?.goAway).toEqual({ timeLeft: "0.200s" });
    expect(other.messages.some(({ goAway }) => goAway)).toBe(false);
  });

  test("capConnection ends with reset, for those that are open and those to come", async () => {
    holdTime();
    const first = await connectHeld();
    await emulator.post("faults", { fault: "capConnection", ms: 60_000 });
    await emulator.post("reset", {});
    const second = await connectHeld();
    await pass(3_600_000);
    expect([...first.messages, ...second.messages].some(({ goAway }) => goAway)).toBe(false);
    expect([...first.closes, ...second.closes]).toEqual([]);
  });
});

describe("the next connection", () => {
  test("noSetup lets it wait for ever", async () => {
    await emulator.post("faults", { fault: "noSetup" });
    const { tell, frames } = await emulator.openSocket();
    holdTime();
    tell({ setup: { model: "models/gemini-3.8-live" } });
    await pass(0);
    await pass(3_600_000);
    expect(frames).toEqual([]);
    expect(await emulator.newestSession()).toMatchObject({ open: true, personality: "3.8" });
  });

  test("refuseSetup closes instead of completing the setup", async () => {
    await emulator.post("faults", { fault: "refuseSetup", code: 1008, reason: "Not today." });
    await expect(emulator.connect()).rejects.toThrow(/1008.*Not today\./);
    await emulator.connect();
  });

  test("quota closes with Google's words for it, cut to what a close frame holds", async () => {
    await emulator.post("faults", { fault: "quota" });
    await expect(emulator.connect()).rejects.toThrow(/1011.*You exceeded your current quota, please check/);
  });

  test.each([
    [{ fault: "refuseSetup", code: 1011, reason: "Again." }, /1011.*Again\./],
    [{ fault: "quota" }, /1011.*quota/],
  ])("%o onResume spares one that resumes nothing", async (fault, refusal) => {
    const { resume } = await ended();
    await emulator.post("faults", { ...fault, at: "onResume" });
    await emulator.connect();
    await expect(emulator.connect(resume)).rejects.toThrow(refusal);
  });

  test("a refused resumption can be tried again with the same handle", async () => {
    const { id, resume } = await ended();
    await emulator.post("faults", { fault: "refuseSetup", code: 1011, at: "onResume" });
    await expect(emulator.connect(resume)).rejects.toThrow(/1011/);
    await emulator.connect(resume);
    expect(await emulator.newestSession()).toMatchObject({ resumedFrom: id });
  });
});

describe("the moment", () => {
  test("duringAnswer is after the first sound of the next answer", async () => {
    const { session, messages, closes, order, answer } = await start();
    await answer(TONE);
    await order({ fault: "close", code: 1011, at: "duringAnswer", afterMs: 120 });
    holdTime();
    await pass(10_000);
    expect(closes).toEqual([]);
    session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => closes.length > 0);
    // 200 ms at once, and 240 ms each 50 and 60 ms later
    expect(audioOf(messages)).toHaveLength(3);
  });

  test("duringAnswer is now when an answer is under way", async () => {
    const { session, messages, closes, order, answer } = await start();
    await answer({ ...TONE, durationMs: 10_000 });
    holdTime();
    session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => audioOf(messages).length > 2);
    await order({ fault: "close", code: 1011, at: "duringAnswer" });
    await passUntil(() => closes.length > 0);
    expect(messages.some(is("generationComplete"))).toBe(false);
  });

  test("duringTool is after the call of a function", async () => {
    const { messages, closes, order } = await start(TOOLS);
    await order({ fault: "drop", at: "duringTool" });
    await order({ fault: "toolCall", name: "look" });
    await vi.waitFor(() => expect(closes[0]?.code).toBe(1006));
    expect(messages.some(({ toolCall }) => toolCall)).toBe(true);
  });

  test("onResume is after the setup of the connection that resumes the session, not of another", async () => {
    const [one, other] = [await ended(), await ended()];
    const order = { fault: "close", code: 1011, reason: "Once more.", at: "onResume", session: one.id };
    expect(await (await emulator.post("faults", order)).json()).toEqual({ sessions: [], next: true });
    const fresh = await emulator.connect();
    const resumedOther = await emulator.connect(other.resume);
    const resumed = await emulator.connect(one.resume);
    await vi.waitFor(() => expect(resumed.closes).toEqual([{ code: 1011, reason: "Once more." }]));
    expect([...fresh.closes, ...resumedOther.closes]).toEqual([]);
  });
});
