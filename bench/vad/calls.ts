/**
 * The detectors of some calls, without anything else of a bot, in a process of their own: hears sentences for a while
 * and prints what that took, as JSON (`Taken`). `calls.ts --calls=<n> --ms=<n> --model=silero|energy --seed=<n>`
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { VAD_PRESETS } from "../../bot-runtime/vad/presets.ts";
import { Silero } from "../../bot-runtime/vad/silero.ts";
import type { SpeechModelEvents } from "../../bot-runtime/vad/speech-model.ts";
import { VoiceDetector } from "../../bot-runtime/vad/voice-detector.ts";
import { makeScenes } from "../../test/campaign/vad/scenes.ts";
import { randomOf } from "../../test/support/random.ts";
import type { Taken } from "./taken.ts";

const FRAME_MS = 20;
const FRAME_SAMPLES = 320;
const SAMPLES_PER_MS = 16;
/** Calls of one page of the browser bring their frames at the same time (`CALLS_PER_PAGE`). */
const CALLS_PER_PAGE = 8;
/** Compiling, and the first windows of a cold thread: not counted. */
const WARM_UP_MS = 2_000;

interface Call {
  detector: VoiceDetector;
  pcm: Int16Array;
  /** Frames heard. */
  frames: number;
  /** When each frame came, by `performance.now`. */
  fedAt: number[];
}

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "1" },
    ms: { type: "string", default: "5000" },
    model: { type: "string", default: "silero" },
    seed: { type: "string", default: "1" },
  },
});
const delaysMs: number[] = [];
let isMeasuring = false;
const random = randomOf(Number(values.seed));
const silero = values.model === "silero" ? new Silero({ log: () => {} }) : undefined;
while (silero && !silero.stats.runtime) await sleep(10);

const scenes = (await makeScenes({ seed: Number(values.seed), noiseMs: FRAME_MS })).filter(
  ({ speech }) => speech,
);
const calls = Array.from({ length: Number(values.calls) }, (_, index) => makeCall(index));
const until = performance.now() + WARM_UP_MS + Number(values.ms);
const pages = Array.from({ length: Math.ceil(calls.length / CALLS_PER_PAGE) }, (_, page) =>
  feed(calls.slice(page * CALLS_PER_PAGE, (page + 1) * CALLS_PER_PAGE)),
);
await sleep(WARM_UP_MS);
isMeasuring = true;
const from = { cpu: process.cpuUsage(), at: performance.now(), ...silero?.stats };
await Promise.all(pages);
const { user, system } = process.cpuUsage(from.cpu);
const stats = silero?.stats;
const taken: Taken = {
  cpuMs: (user + system) / 1_000,
  forMs: performance.now() - from.at,
  delaysMs,
  windows: (stats?.windows ?? 0) - (from.windows ?? 0),
  batches: (stats?.batches ?? 0) - (from.batches ?? 0),
  windowsLost: stats?.windowsLost ?? 0,
  residentBytes: process.memoryUsage.rss(),
};
await silero?.close();
process.stdout.write(JSON.stringify(taken));

function makeCall(index: number): Call {
  const scene = scenes[index % scenes.length];
  if (!scene) throw new Error("There are no sentences.");
  // So that it is somewhere within a window when it begins.
  const headStart = Math.floor(random() * FRAME_SAMPLES);
  const openModel = silero && ((events: SpeechModelEvents) => silero.open(timed(events)));
  const detector = new VoiceDetector({
    params: VAD_PRESETS.measured,
    events: { onset: () => {}, started: () => {}, stopped: () => {} },
    ...(openModel ? { openModel } : {}),
  });
  const call: Call = {
    detector,
    pcm: scene.pcm,
    // Windows of calls that began together would all be due together.
    frames: Math.floor(random() * 100),
    fedAt: [],
  };
  function timed(events: SpeechModelEvents): SpeechModelEvents {
    return {
      available: events.available,
      heard: (window) => {
        const wholeWith = Math.ceil((window.endsAtMs * SAMPLES_PER_MS - headStart) / FRAME_SAMPLES) - 1;
        const fedAt = call.fedAt[wholeWith];
        if (isMeasuring && fedAt !== undefined) delaysMs.push(performance.now() - fedAt);
        events.heard(window);
      },
    };
  }
  detector.audio(new Int16Array(headStart));
  return call;
}

/** A page: all its calls' frames, every 20 ms. */
async function feed(page: Call[]): Promise<void> {
  const startedAt = performance.now() + random() * FRAME_MS;
  for (let tick = 0; ; tick += 1) {
    const wait = startedAt + tick * FRAME_MS - performance.now();
    if (wait > 0) await sleep(wait);
    if (performance.now() >= until) return;
    for (const call of page) {
      const at = (call.frames * FRAME_SAMPLES) % (call.pcm.length - FRAME_SAMPLES);
      call.frames += 1;
      call.fedAt.push(performance.now());
      call.detector.audio(call.pcm.subarray(at, at + FRAME_SAMPLES));
    }
  }
}
