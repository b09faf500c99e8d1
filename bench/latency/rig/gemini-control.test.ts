import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CONFIG, is, speak, startTestEmulator } from "../../../emulators/gemini/test-support/emulator.ts";
import { nowMs } from "../../common/clock.ts";
import { makeMarker } from "../../common/marker.ts";
import { markersIn } from "../timed-markers.ts";
import { GeminiControl, soundAnswer } from "./gemini-control.ts";

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
let gemini: GeminiControl;
beforeAll(async () => {
  emulator = await startTestEmulator();
  gemini = new GeminiControl(emulator.url);
});
afterAll(() => emulator.close());

const s16 = (samples: Float32Array) => Int16Array.from(samples, (sample) => sample * 32_767);

test("what is said and heard in a session is known with its times", async () => {
  const before = await gemini.openSessions();
  const { session, messages } = await emulator.connect();
  const [id = "", ...more] = (await gemini.openSessions()).filter((one) => !before.includes(one));
  expect(more).toEqual([]);
  await gemini.heedSpeech(false);
  const askedMs = nowMs();
  await gemini.say(soundAnswer(s16(makeMarker(7, 24_000))), id);
  const answeredMs = nowMs();
  // The microphone goes on: a marker's end may be found a sample later than it was.
  speak(session, Int16Array.from([...s16(makeMarker(8, 16_000)), ...new Int16Array(1_600)]));
  await vi.waitFor(() => expect(messages.some(is("turnComplete"))).toBe(true));
  await vi.waitFor(async () => expect((await gemini.heard(id)).samples).toHaveLength(3_200));
  const [said, ...saidMore] = markersIn(await gemini.said(id));
  expect(saidMore).toEqual([]);
  expect(said?.number).toBe(7);
  expect(said?.atMs).toBeGreaterThan(askedMs);
  expect(said?.atMs).toBeLessThan(answeredMs);
  const [heard] = markersIn(await gemini.heard(id), { at: "end" });
  expect(heard?.number).toBe(8);
  expect(heard?.atMs).toBeGreaterThan(answeredMs - 1_000);
  expect(heard?.atMs).toBeLessThan(nowMs());
  await gemini.say({ kind: "tone", hz: 440, durationMs: 2_000, level: 0.3 }, id);
  await gemini.interrupt(id);
  await vi.waitFor(() => expect(messages.some(is("interrupted"))).toBe(true));
});

test("the end of a turn is what the setup says, or Google's own", async () => {
  await emulator.connect();
  expect(await gemini.endOfTurnMs((await emulator.newestSession()).id)).toBe(600);
  const automaticActivityDetection = { silenceDurationMs: 350 };
  await emulator.connect({ ...CONFIG, realtimeInputConfig: { automaticActivityDetection } });
  expect(await gemini.endOfTurnMs((await emulator.newestSession()).id)).toBe(350);
});

test("what the emulator refuses is thrown, in its own words", async () => {
  await expect(gemini.say({ kind: "demo" }, "none")).rejects.toThrow("There is no open session none.");
});
