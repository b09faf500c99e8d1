import { z } from "zod";
import { StartReply } from "../../protocol/session.ts";

/**
 * What the bot and the service say, as far as this page reads it. client-js hands messages on unchecked, under
 * types that nobody has verified, so they are parsed here.
 */

/** What Daily carries for the assistant; other applications may use the same room. */
export const RTVI_LABEL = "rtvi-ai";
export const AppMessage = z.object({ label: z.string(), type: z.string(), data: z.unknown().optional() });

export const UserTranscript = z.object({ text: z.string(), final: z.boolean() });

export const BotText = z.object({ text: z.string() });

/** `bot-output`, RTVI 2.x, as what it means for a transcript. */
export const BotOutput = z
  .object({
    text: z.string(),
    segment_id: z.number().optional(),
    will_be_spoken: z.boolean().optional(),
    spoken_status: z.enum(["new", "in-progress", "completed"]).optional(),
  })
  .transform(({ text, segment_id: segmentId, will_be_spoken, spoken_status }) => {
    if (spoken_status !== undefined) return { kind: spoken_status, text, segmentId };
    // No progress will follow: either it is only shown, or the bot does not know what is heard when.
    if (will_be_spoken === false) return { kind: "not-timed" as const, text, segmentId };
    // RTVI 1.x, or progress that names no state: `bot-llm-text` carries the same words.
    return { kind: "unstated" as const };
  });
export type BotOutput = z.output<typeof BotOutput>;

/** `metrics`, in seconds: how long the first service that measured itself took to its first output. */
export const Metrics = z
  .object({ ttfb: z.array(z.object({ value: z.number() })).optional() })
  .transform(({ ttfb }) => {
    // Pipecat announces every processor with a zero first.
    const measured = ttfb?.find(({ value }) => value > 0);
    return { ttfbMs: measured && measured.value * 1000 };
  });

/** `error`. Bots send the text under one of two names, or both. */
export const BotError = z
  .object({ error: z.string().optional(), message: z.string().optional(), fatal: z.boolean().optional() })
  .transform(({ error, message, fatal = false }) => ({ detail: error ?? message ?? "", fatal }));

/** Of the reply of `POST /api/rtvi/start`: the rest is between it and the transport. */
export const Started = StartReply.pick({ sessionId: true });

/** Of an error reply. */
export const ProblemText = z.object({ detail: z.string(), code: z.string().optional() });

/** daily-js's fatal `error` event: the type, and for a connection error what it was busy with. */
export const DailyError = z.object({
  error: z
    .object({
      type: z.string(),
      details: z.object({ on: z.string().optional() }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
