import { z } from "zod";
import type { Phrases } from "../clips/clips.ts";
import {
  concat,
  FULL_SCALE,
  INPUT_RATE_HZ,
  OUTPUT_RATE_HZ,
  sampleCount,
  samplesOf,
  silence,
  toSample,
} from "./pcm.ts";
import { resample } from "./resampler.ts";
import type { Utterance } from "./user-audio.ts";

/** Longest answer that a test can ask for. */
const MAX_ANSWER_MS = 120_000;
const DurationMs = z.int().positive().max(MAX_ANSWER_MS);

/** Longest sound that can be brought along: long enough for a sentence, and 640 kB of base64. */
const MAX_SOUND_MS = 10_000;
const MAX_SOUND_BYTES = 2 * sampleCount(MAX_SOUND_MS, OUTPUT_RATE_HZ);

/** What the model answers with. `level` is the tone's peak, where 1 is full scale; `pcm` is s16le mono at 24 kHz. */
export const AnswerKind = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("demo") }),
  z.strictObject({
    kind: z.literal("tone"),
    hz: z
      .number()
      .min(20)
      .max(OUTPUT_RATE_HZ / 2),
    durationMs: DurationMs,
    level: z.number().min(0).max(1).default(0.3),
  }),
  z.strictObject({ kind: z.literal("silence"), durationMs: DurationMs }),
  z.strictObject({
    kind: z.literal("sound"),
    pcm: z.base64().refine((data) => {
      const bytes = Buffer.byteLength(data, "base64");
      return bytes > 0 && bytes % 2 === 0 && bytes <= MAX_SOUND_BYTES;
    }, `has to be whole samples, and at most ${MAX_SOUND_MS} ms of them`),
  }),
]);
export type AnswerKind = z.output<typeof AnswerKind>;

/** What is answered: a text of the client, what the user said, or what the client's functions gave, as text. */
export type Cause =
  | { kind: "text" }
  | { kind: "speech"; utterance: Utterance }
  | { kind: "tools"; results: string };

/** One stretch of an answer: sound at `OUTPUT_RATE_HZ`, and the words that it says, if any. */
export interface Segment {
  pcm: Int16Array;
  text: string;
}

/** Between the lead-in and the user's own voice. */
const LEAD_IN_PAUSE_MS = 150;

export function renderAnswer(kind: AnswerKind, cause: Cause, phrases: Phrases): Segment[] {
  switch (kind.kind) {
    case "tone":
      return [{ pcm: tone(kind), text: `(${kind.hz} Hz tone)` }];
    case "silence":
      return [{ pcm: silence(kind.durationMs, OUTPUT_RATE_HZ), text: "" }];
    case "sound":
      return [{ pcm: samplesOf(Buffer.from(kind.pcm, "base64")) ?? new Int16Array(0), text: "" }];
    case "demo":
      return renderDemo(cause, phrases);
  }
}

/**
 * The demo voice. It understands nothing, so it answers every text with its greeting, and what the user said with
 * the user's own voice; nothing is put into anybody's mouth. It cannot read aloud either: the results of functions are
 * told by its transcription alone, over three notes.
 */
function renderDemo(cause: Cause, { greeting, leadIn }: Phrases): Segment[] {
  if (cause.kind === "text") return [greeting];
  if (cause.kind === "tools") return [{ pcm: chime(), text: cause.results }];
  const voice = resample(normalise(cause.utterance.pcm), INPUT_RATE_HZ, OUTPUT_RATE_HZ);
  return [leadIn, { pcm: silence(LEAD_IN_PAUSE_MS, OUTPUT_RATE_HZ), text: "" }, { pcm: voice, text: "" }];
}

/** A rising triad, which nothing else here sounds like. */
const CHIME_HZ = [523, 659, 784] as const;
const CHIME_NOTE_MS = 300;
const CHIME_LEVEL = 0.2;

function chime(): Int16Array {
  return concat(
    CHIME_HZ.map((hz) => tone({ kind: "tone", hz, durationMs: CHIME_NOTE_MS, level: CHIME_LEVEL })),
  );
}

/** The ends are faded, or each would be heard as a click. */
const FADE_SAMPLES = sampleCount(5, OUTPUT_RATE_HZ);

function tone({ hz, durationMs, level }: Extract<AnswerKind, { kind: "tone" }>): Int16Array {
  const length = sampleCount(durationMs, OUTPUT_RATE_HZ);
  return Int16Array.from({ length }, (_, i) => {
    const fade = Math.min(1, i / FADE_SAMPLES, (length - 1 - i) / FADE_SAMPLES);
    return toSample(fade * level * Math.sin((2 * Math.PI * hz * i) / OUTPUT_RATE_HZ));
  });
}

const TARGET_RMS = 10 ** (-18 / 20);
/** A murmur is made louder, but not the noise of an almost silent room into a storm. */
const MAX_GAIN = 10 ** (24 / 20);
/** Headroom for what the resampling filter overshoots. */
const MAX_PEAK = 0.9;
const LEVEL_FRAME_SAMPLES = sampleCount(20, INPUT_RATE_HZ);

/** Brings the voiced parts towards -18 dBFS RMS, as far as the peaks allow. */
export function normalise(pcm: Int16Array): Int16Array {
  const peak = pcm.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0) / FULL_SCALE;
  if (peak === 0) return pcm;
  const gain = Math.min(TARGET_RMS / voicedRms(pcm), MAX_GAIN, MAX_PEAK / peak);
  return pcm.map((sample) => toSample((gain * sample) / FULL_SCALE));
}

/** RMS of the frames that are no more than 10 dB below the average: the pauses are not to count. */
function voicedRms(pcm: Int16Array): number {
  const energies: number[] = [];
  for (let at = 0; at < pcm.length; at += LEVEL_FRAME_SAMPLES) {
    energies.push(meanSquare(pcm.subarray(at, at + LEVEL_FRAME_SAMPLES)));
  }
  const average = mean(energies);
  return Math.sqrt(mean(energies.filter((energy) => energy >= average / 10)));
}

function meanSquare(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += (sample / FULL_SCALE) ** 2;
  return sum / samples.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
