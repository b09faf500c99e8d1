import { z } from "zod";

/** Values that rooms and meeting tokens share, by docs.daily.co/openapi.json 1.1.1. */

/** Languages of Daily Prebuilt; `user` is the browser's. */
export const Lang = z.enum([
  "da",
  "de",
  "en",
  "es",
  "fi",
  "fr",
  "it",
  "jp",
  "ka",
  "nl",
  "no",
  "pt",
  "pt-BR",
  "pl",
  "ru",
  "sv",
  "tr",
  "user",
]);

const RecordingMode = z.enum(["cloud", "cloud-audio-only", "local", "raw-tracks"]);

/** One mode, or several without doubles. */
export const Recording = z.union([
  RecordingMode,
  z.array(RecordingMode).refine((modes) => new Set(modes).size === modes.length, {
    message: "must name each mode only once",
  }),
]);

/** Daily: at most 128 characters of these. */
export const RoomName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 of the characters A-Z a-z 0-9 _ -");

/**
 * Levels of arrays and objects in each other. On some thousand `JSON.stringify` overflows the stack, and a schema that
 * goes along with them does so sooner.
 */
const MAX_LEVELS = 100;

/** Any JSON object, as it is. Its size is bounded by that of the body. */
export const JsonObject = z.record(
  z.string(),
  z.unknown().refine((value) => nestsAtMost(value, MAX_LEVELS), {
    message: `must be nested at most ${MAX_LEVELS} levels deep`,
    abort: true, // or what is checked of the whole would still be, and overflow
  }),
);

function nestsAtMost(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => nestsAtMost(inner, levels - 1));
}
