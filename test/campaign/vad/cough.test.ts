import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Pipeline } from "../../../bot-runtime/pipeline/pipeline.ts";
import { PlayoutQueue } from "../../../bot-runtime/room/dsp/playout-queue.ts";
import { RoomInput } from "../../../bot-runtime/room-io/room-input.ts";
import { HOLD_MS, type OutputRoom, RoomOutput } from "../../../bot-runtime/room-io/room-output.ts";
import { VAD_PRESETS } from "../../../bot-runtime/vad/presets.ts";
import { Silero } from "../../../bot-runtime/vad/silero.ts";
import { VoiceDetector } from "../../../bot-runtime/vad/voice-detector.ts";
import { randomOf } from "../../support/random.ts";
import { cough } from "./noises.ts";
import { toS16 } from "./scenes.ts";

const FRAME_MS = 20;
const FRAME_SAMPLES = 320;
const WINDOW_SAMPLES = 512;
/** Samples that the page plays in a frame. */
const PLAYED_SAMPLES = 480;
const ANSWER_MS = 3_000;
const COUGH_AT_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A second of quiet, then a cough, then quiet for the rest of the answer. */
function coughScene(seed: number): Int16Array {
  const samples = new Float32Array((2 * ANSWER_MS * 16_000) / 1_000);
  samples.set(cough(randomOf(seed)), (COUGH_AT_MS * 16_000) / 1_000);
  return toS16(samples);
}

it("pauses an answer at a cough, and loses no sample of it", { timeout: 30_000 }, async () => {
  const silero = new Silero({ log: () => {} });
  try {
    await expect.poll(() => silero.stats.runtime, { timeout: 20_000 }).toBeDefined();
    for (const seed of [1, 2, 3]) await coughInto(silero, seed);
  } finally {
    await silero.close();
  }
});

async function coughInto(silero: Silero, seed: number): Promise<void> {
  const silentFrames: number[] = [];
  const told: string[] = [];
  const queue = new PlayoutQueue({
    capacity: ANSWER_MS * 24,
    sink: { started: () => {}, drained: () => told.push("drained"), flushed: () => told.push("flushed") },
  });
  const room: OutputRoom = {
    play: (pcm, generation) => queue.write(generation, pcm),
    pause: () => queue.pause(),
    resume: () => queue.resume(),
    flush: (generation) => queue.flush(generation),
    sendAppMessage: () => {},
  };
  let judged = 0;
  let more = Promise.withResolvers<void>();
  const input = new RoomInput(
    (events) =>
      new VoiceDetector({
        params: VAD_PRESETS.measured,
        events,
        openModel: ({ heard, available }) =>
          silero.open({
            available,
            heard: (window) => {
              judged += 1;
              heard(window);
              more.resolve();
            },
          }),
      }),
  );
  const output = new RoomOutput({ messageLost: (type) => told.push(`lost ${type}`) });
  output.attach(room);
  const pipeline = new Pipeline({
    processors: [input, output],
    observers: [{ onFrame: ({ type }) => type !== "input-audio" && told.push(type) }],
    onError: (where, thrown) => {
      throw new Error(where, { cause: thrown });
    },
  });
  pipeline.start();
  const answer = new Int16Array(ANSWER_MS * 24).fill(8_000);
  output.process({ type: "answer-audio", generation: 1, pcm: answer }, "down", () => {});

  const scene = coughScene(seed);
  const out = new Float32Array(PLAYED_SAMPLES);
  for (let at = 0; at + FRAME_SAMPLES <= scene.length; at += FRAME_SAMPLES) {
    input.audio(scene.subarray(at, at + FRAME_SAMPLES));
    const due = Math.floor((at + FRAME_SAMPLES) / WINDOW_SAMPLES);
    // By the judgements themselves: a poll would let the simulated time run on while it waits.
    while (judged < due) {
      more = Promise.withResolvers<void>();
      await more.promise;
    }
    expect(judged).toBe(due);
    vi.advanceTimersByTime(FRAME_MS);
    const sounds = queue.read(out);
    if (!sounds && queue.queuedSamples > 0) silentFrames.push((at / FRAME_SAMPLES) * FRAME_MS);
  }
  pipeline.stop();

  expect(told).toEqual(["user-speech-onset", "drained"]);
  expect(silentFrames[0]).toBeLessThanOrEqual(COUGH_AT_MS + 100);
  expect(silentFrames.length * FRAME_MS).toBeGreaterThan(HOLD_MS - 3 * FRAME_MS);
  expect(silentFrames.length * FRAME_MS).toBeLessThanOrEqual(HOLD_MS);
  expect(queue.playedSamples).toBe(answer.length);
  expect(queue.droppedSamples).toBe(0);
}
