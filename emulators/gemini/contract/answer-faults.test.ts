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
} from "../test-support/emulator.ts";
import { LIVE_25, layout, startLive, TONE, TOOLS } from "../test-support/live.ts";
import { sequence, speechLike } from "../test-support/signals.ts";

/** Faults of answers, and functions that are called by order: what a client sees of them. */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await emulator.post("reset", {});
});

/** A session that is open, with what a test orders of it alone. */
const start = (config?: LiveConnectConfig, options?: ConnectOptions) => startLive(emulator, config, options);

describe("answers", () => {
  test("silentTurns have all their messages, whose sound is digital silence", async () => {
    const { messages, order, answer, ask, turns } = await start();
    await answer(TONE);
    await order({ fault: "silentTurns", count: 2 });
    holdTime();
    await ask();
    const usual = layout(messages);
    await ask();
    expect(audioOf(messages).every((chunk) => chunk.every((sample) => sample === 0))).toBe(true);
    expect(samplesIn(audioOf(messages))).toBe(2 * 48_000);
    messages.length = 0;
    await ask();
    expect(layout(messages)).toEqual(usual);
    expect(audioOf(messages)[0]?.some((sample) => sample !== 0)).toBe(true);
    expect(turns()).toBe(1);
  });

  test("emptyTurns have nothing but their end", async () => {
    const { messages, order, ask } = await start(CONFIG, LIVE_25);
    await order({ fault: "emptyTurns" });
    holdTime();
    await ask();
    expect(layout(messages)).toEqual(["generationComplete", "turnComplete"]);
    expect(messages.at(-1)?.usageMetadata?.responseTokenCount).toBe(0);
    await ask();
    expect(audioOf(messages).length).toBeGreaterThan(0);
  });

  test("refusedTurns end at once, and say why", async () => {
    const { messages, order, ask } = await start();
    await order({ fault: "refusedTurns", count: 2 });
    holdTime();
    await ask();
    await ask();
    const ends = messages.flatMap(({ serverContent }) => serverContent ?? []);
    expect(ends.map(({ turnCompleteReason }) => turnCompleteReason)).toEqual([
      "RESPONSE_REJECTED",
      "RESPONSE_REJECTED",
    ]);
    expect(audioOf(messages)).toEqual([]);
    await ask();
    expect(audioOf(messages).length).toBeGreaterThan(0);
  });

  test("an interruption may take its time", async () => {
    const { messages, answer, session, id } = await start();
    await answer({ ...TONE, durationMs: 10_000 });
    await emulator.post("pace", { interruptionMs: 500, session: id });
    holdTime();
    session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => audioOf(messages).length > 2);
    // More than the detector needs, and less than ends the user's turn.
    speak(session, sequence(200, speechLike({ ms: 400 })));
    await pass(0);
    await pass(490);
    expect(messages.some(is("interrupted"))).toBe(false);
    await pass(10);
    expect(messages.some(is("interrupted"))).toBe(true);
  });

  test("phantomInterrupted cuts an answer off though nobody speaks", async () => {
    const { session, messages, order, answer } = await start();
    await answer({ ...TONE, durationMs: 10_000 });
    await order({ fault: "phantomInterrupted", at: "duringAnswer", afterMs: 300 });
    holdTime();
    session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => messages.some(is("turnComplete")));
    expect(layout(messages).slice(-2)).toEqual(["interrupted", "turnComplete"]);
    const said = messages.length;
    await pass(10_000);
    expect(messages).toHaveLength(said);
  });

  test("phantomInterrupted in silence comes alone", async () => {
    const { messages, order } = await start();
    await order({ fault: "phantomInterrupted" });
    await vi.waitFor(() => expect(layout(messages)).toEqual(["interrupted"]));
  });

  test.each([
    ["interrupted", ["interrupted", "modelTurn", "modelTurn", "modelTurn", "turnComplete"]],
    ["turnComplete", ["interrupted", "turnComplete", "modelTurn", "modelTurn", "modelTurn"]],
  ])("lateAudio sends more of the answer that was cut off after %s, once", async (after, expected) => {
    const { messages, order, answer, interrupt, id } = await start();
    await answer({ ...TONE, durationMs: 10_000 });
    await order({ fault: "lateAudio", chunks: 3, after });
    holdTime();
    await interrupt();
    await pass(0);
    expect(layout(messages).slice(-5)).toEqual(expected);
    // It is the tone, without a gap: what would have come next.
    const whole = await emulator.recording(id, "sent");
    const jump = whole
      .slice(1)
      .reduce((most, sample, i) => Math.max(most, Math.abs(sample - (whole[i] ?? 0))), 0);
    expect(jump).toBeLessThan(2_000);
    messages.length = 0;
    await interrupt();
    expect(layout(messages).slice(-2)).toEqual(["interrupted", "turnComplete"]);
  });

  test("duplicateAudio sends the last of what was sent once more", async () => {
    const { messages, order, answer, interrupt } = await start();
    await answer({ ...TONE, durationMs: 10_000 });
    await order({ fault: "duplicateAudio", chunks: 2 });
    holdTime();
    await interrupt();
    expect(layout(messages).slice(-4)).toEqual(["interrupted", "modelTurn", "modelTurn", "turnComplete"]);
    const sounds = audioOf(messages);
    expect(sounds.slice(-2)).toEqual(sounds.slice(-4, -2));
  });
});

describe("functions", () => {
  test("toolCall without a session is made in those that declare it, and in no other", async () => {
    const [able, unable] = [await start(TOOLS), await start()];
    const reply = await emulator.post("faults", { fault: "toolCall", name: "look" });
    expect(await reply.json()).toEqual({ sessions: [able.id], next: false });
    await vi.waitFor(() => expect(able.messages.some(({ toolCall }) => toolCall)).toBe(true));
    expect(unable.messages.some(({ toolCall }) => toolCall)).toBe(false);
  });

  test("toolCall of what nobody declares is refused", async () => {
    await start();
    const reply = await emulator.post("faults", { fault: "toolCall", name: "look" });
    expect(reply.status).toBe(409);
  });

  test("toolCall can come in the middle of an answer", async () => {
    const { session, messages, order, answer, turns } = await start(TOOLS);
    await answer(TONE);
    await order({ fault: "toolCall", name: "look", at: "duringAnswer" });
    holdTime();
    session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => turns() === 1);
    const call = messages.findIndex(({ toolCall }) => toolCall);
    expect(audioOf(messages.slice(0, call)).length).toBeGreaterThan(0);
    expect(audioOf(messages.slice(call)).length).toBeGreaterThan(0);
  });
});
