/** Lets the bot's detector hear scenes, as many at a time as a bot host may have calls, and notes what it tells. */
import { setTimeout as sleep } from "node:timers/promises";
import { VAD_PRESETS, type VadPreset } from "../../../bot-runtime/vad/presets.ts";
import { Silero } from "../../../bot-runtime/vad/silero.ts";
import { VoiceDetector } from "../../../bot-runtime/vad/voice-detector.ts";
import type { Scene } from "./scenes.ts";

const FRAME_MS = 20;
const FRAME_SAMPLES = 320;
const WINDOW_MS = 32;
const LOAD_TIMEOUT_MS = 30_000;

/** Times are in ms since the scene began, and are those at which it was told. */
export interface Heard {
  scene: Scene;
  onsets: number[];
  starts: { atMs: number; beganAtMs: number }[];
  stops: number[];
  highestProbability: number;
}

export interface HearOptions {
  preset: VadPreset;
  /**
   * `real`: a frame every 20 ms, and what the detector needs to tell is part of its times. `none`: the next frame comes
   * when the last one is judged; times are of the audio alone, and the same in every run.
   */
  pace: "real" | "none";
  /** How many at a time. */
  calls: number;
  progress?: (done: number, of: number) => void;
}

export interface HearReport {
  heard: Heard[];
  windowsPerBatch: number;
  windowsLost: number;
}

/** @throws Error when the model cannot be had */
export async function hearScenes(scenes: readonly Scene[], options: HearOptions): Promise<HearReport> {
  const silero = new Silero({ log: () => {} });
  try {
    const deadline = Date.now() + LOAD_TIMEOUT_MS;
    while (!silero.stats.runtime) {
      if (Date.now() > deadline) throw new Error("The model did not load.");
      await sleep(10);
    }
    const waiting = [...scenes];
    const heard: Heard[] = [];
    const caller = async () => {
      for (let scene = waiting.shift(); scene; scene = waiting.shift()) {
        heard.push(await hearScene(silero, scene, options));
        options.progress?.(heard.length, scenes.length);
      }
    };
    await Promise.all(Array.from({ length: options.calls }, caller));
    const { windows, batches, windowsLost } = silero.stats;
    return { heard, windowsPerBatch: windows / batches, windowsLost };
  } finally {
    await silero.close();
  }
}

async function hearScene(silero: Silero, scene: Scene, { preset, pace }: HearOptions): Promise<Heard> {
  const heard: Heard = { scene, onsets: [], starts: [], stops: [], highestProbability: 0 };
  const clock = new Clock(pace);
  let judgedMs = 0;
  let judged = Promise.withResolvers<void>();
  const detector = new VoiceDetector({
    params: VAD_PRESETS[preset],
    events: {
      onset: () => heard.onsets.push(clock.toldAt()),
      started: ({ beganAtMs, atMs }) => heard.starts.push({ beganAtMs, atMs: clock.toldAt(atMs) }),
      stopped: ({ atMs }) => heard.stops.push(clock.toldAt(atMs)),
    },
    openModel: (events) =>
      silero.open({
        available: events.available,
        heard: (window) => {
          judgedMs = window.endsAtMs;
          heard.highestProbability = Math.max(heard.highestProbability, window.probability);
          events.heard(window);
          judged.resolve();
        },
      }),
  });
  const frames = Math.floor(scene.pcm.length / FRAME_SAMPLES);
  for (let frame = 0; frame < frames; frame += 1) {
    const atMs = (frame + 1) * FRAME_MS;
    if (pace === "real") await clock.until(atMs);
    clock.fed();
    judged = Promise.withResolvers<void>();
    detector.audio(scene.pcm.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES));
    const dueMs = Math.floor(atMs / WINDOW_MS) * WINDOW_MS;
    if (pace === "none" && judgedMs < dueMs) await judged.promise;
  }
  detector.close();
  return heard;
}

/** When audio was fed, and how long after its end something was told. */
class Clock {
  readonly #pace: HearOptions["pace"];
  readonly #startedAt = performance.now();
  /** When each frame was fed, by `performance.now`. */
  readonly #fedAt: number[] = [];

  constructor(pace: HearOptions["pace"]) {
    this.#pace = pace;
  }

  async until(ms: number): Promise<void> {
    const wait = this.#startedAt + ms - performance.now();
    if (wait > 0) await sleep(wait);
  }

  fed(): void {
    this.#fedAt.push(performance.now());
  }

  /**
   * @param causedAtMs up to where the audio goes that is the reason for what is told now; all of it by default. A frame
   * that this process feeds late is not the detector's fault: its time runs from there.
   */
  toldAt(causedAtMs = this.#fedAt.length * FRAME_MS): number {
    const frame = Math.min(this.#fedAt.length, Math.max(1, Math.ceil(causedAtMs / FRAME_MS)));
    const took = this.#pace === "real" ? performance.now() - (this.#fedAt[frame - 1] ?? 0) : 0;
    return frame * FRAME_MS + took;
  }
}
