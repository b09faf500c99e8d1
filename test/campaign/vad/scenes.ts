/** What the detector is given to hear: somebody who says a sentence in more or less noise, or noise alone. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readWav } from "../../support/audio.ts";
import { randomOf } from "../../support/random.ts";
import { NOISES, type Noise, noise, rms } from "./noises.ts";

const RECORDINGS = join(import.meta.dirname, "recordings");
const RATE = 16_000;
/** RMS of a sentence, about -22 dBFS. */
const SPEECH_LEVEL = 0.08;
/** Before a sentence, and somewhat more: where it begins within a window must not matter. */
const LEAD_MS = 2_000;
const LEAD_SPREAD_MS = 160;
/** Behind it: enough for its stop. */
const TAIL_MS = 1_000;

/** How much louder than white noise the sentences are, in dB. */
export const LEVELS = { clean: undefined, "10 dB": 10, "5 dB": 5 } as const;
export type Level = keyof typeof LEVELS;

export interface Scene {
  /** Such as `de-3`, or a noise. */
  name: string;
  /** s16 mono at 16 kHz, a whole number of frames. */
  pcm: Int16Array;
  speech?: { level: Level; fromMs: number; toMs: number };
}

export interface SceneOptions {
  seed: number;
  /** Of the recordings, in an order that begins with one of each language. All by default. */
  utterances?: number;
  noiseMs: number;
}

export async function makeScenes({ seed, utterances, noiseMs }: SceneOptions): Promise<Scene[]> {
  const recordings = (await readRecordings()).slice(0, utterances);
  const levels = Object.keys(LEVELS) as Level[];
  const spoken = levels.flatMap((level) =>
    recordings.map(({ name, samples }, index) => spokenScene({ name, samples, level, seed: seed + index })),
  );
  return [...NOISES.map((kind) => noiseScene(kind, noiseMs, seed)), ...spoken];
}

/** In each language the first, then in each the second, and so on. */
async function readRecordings(): Promise<{ name: string; samples: Float32Array }[]> {
  const files = (await readdir(RECORDINGS)).filter((file) => file.endsWith(".wav"));
  const order = (file: string) => file.replace(/(\w+)-(\d+)/, "$2-$1");
  const sorted = files.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  return Promise.all(
    sorted.map(async (file) => {
      const { sampleRate, samples } = readWav(await readFile(join(RECORDINGS, file)));
      if (sampleRate !== RATE) throw new Error(`${file} has ${sampleRate} samples a second, not ${RATE}`);
      return { name: file.replace(".wav", ""), samples };
    }),
  );
}

interface Spoken {
  name: string;
  samples: Float32Array;
  level: Level;
  seed: number;
}

function spokenScene({ name, samples, level, seed }: Spoken): Scene {
  const fromMs = LEAD_MS + Math.floor(randomOf(seed)() * LEAD_SPREAD_MS);
  const speechMs = (samples.length * 1_000) / RATE;
  const toMs = fromMs + speechMs;
  const ms = Math.ceil((toMs + TAIL_MS) / 20) * 20;
  const mixed = noise("white", ms, seed);
  const signalToNoise = LEVELS[level];
  const noiseGain = signalToNoise === undefined ? 0 : SPEECH_LEVEL / 10 ** (signalToNoise / 20) / rms(mixed);
  for (const [index, sample] of mixed.entries()) mixed[index] = sample * noiseGain;
  const gain = SPEECH_LEVEL / rms(samples);
  const from = (fromMs * RATE) / 1_000;
  for (const [index, sample] of samples.entries()) {
    mixed[from + index] = (mixed[from + index] ?? 0) + sample * gain;
  }
  return { name, pcm: toS16(mixed), speech: { level, fromMs, toMs } };
}

function noiseScene(kind: Noise, ms: number, seed: number): Scene {
  return { name: kind, pcm: toS16(noise(kind, ms, seed)) };
}

export function toS16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_767));
}
