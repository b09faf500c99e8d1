import { z } from "zod";
import type { Random } from "./random.ts";

/** Longest wait for an answer: long enough for a client to give up on it. */
const MAX_FIRST_AUDIO_MS = 120_000;
const MAX_CHUNK_MS = 2_000;
const MAX_SPEED = 100;
const MAX_JITTER_MS = 10_000;
const MAX_INTERRUPTION_MS = 10_000;

const FirstAudioMs = z.int().nonnegative().max(MAX_FIRST_AUDIO_MS);

/** How answers come. What is left out of an order is as usual. */
export const Pace = z.strictObject({
  /** From the end of the user's turn to the first sound, or the range in which it lies. */
  firstAudioMs: z
    .union([
      FirstAudioMs,
      z
        .strictObject({ minMs: FirstAudioMs, maxMs: FirstAudioMs })
        .refine(({ minMs, maxMs }) => minMs <= maxMs, "minMs is above maxMs"),
    ])
    .default(200),
  /** Size of all pieces of sound. The usual: 200 ms, then 240 ms, as recordings of the real service show. */
  chunkMs: z.int().min(10).max(MAX_CHUNK_MS).optional(),
  /** Sound leaves so much faster than it plays; about 4 in those recordings. 1 is real time. */
  speed: z.number().min(0.1).max(MAX_SPEED).default(4),
  /** Each piece is late by up to this much. None overtakes another. */
  jitterMs: z.int().nonnegative().max(MAX_JITTER_MS).default(0),
  /** From the beginning of the user's speech, as it is noticed, to the interruption. */
  interruptionMs: z.int().nonnegative().max(MAX_INTERRUPTION_MS).default(0),
});
export type Pace = z.output<typeof Pace>;

export const USUAL_PACE: Pace = Pace.parse({});

/** How long the model thinks about one answer. */
export function thinkingMs({ firstAudioMs }: Pace, random: Random): number {
  if (typeof firstAudioMs === "number") return firstAudioMs;
  return Math.round(random.between(firstAudioMs.minMs, firstAudioMs.maxMs));
}
