import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  audioOf,
  holdTime,
  is,
  pass,
  passUntil,
  samplesIn,
  speak,
  startTestEmulator,
  textOf,
} from "./test-support/emulator.ts";
import { sequence } from "./test-support/signals.ts";

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

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

  test("slowSetup delays setupComplete", async () => {
    await emulator.post("faults", { fault: "slowSetup", ms: 5_000 });
    holdTime();
    const setUp = vi.fn();
    const connected = emulator.connect().then(setUp);
    // The setup has arrived once its model is known.
    await vi.waitUntil(async () => (await emulator.newestSession()).model, { interval: 1 });
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
    // The fault itself has no sign that one could wait for; other connections are served meanwhile.
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

  test("malformed sends a frame that is no JSON", async () => {
    const { socket, frames } = await emulator.openSocket();
    socket.send('{"setup":{"model":"models/gemini-3.8-live"}}');
    await vi.waitFor(() => expect(frames).toHaveLength(1));
    await emulator.post("faults", { fault: "malformed", session: (await emulator.newestSession()).id });
    await vi.waitFor(() => expect(frames).toHaveLength(2));
    expect(() => JSON.parse(frames[1]?.data ?? "{}")).toThrow(SyntaxError);
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
