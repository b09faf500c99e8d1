import { z } from "zod";
import { TranscriptEntry } from "./session.ts";

/**
 * What one bot of a session leaves to the next. A session outlives its bots: one that is lost is replaced (recovery),
 * one whose host has to go is relieved (hand-over).
 */

/**
 * Gemini's session resumption handle. Whoever has it can go on with the conversation, so it is treated as a credential:
 * in no view, event or log, and wiped when the session ends.
 */
export const ResumptionHandle = z.string().min(1).max(16_384);

/** A line of the transcript as the edge has acknowledged it. */
export const SpokenLine = TranscriptEntry.omit({ seq: true });
export type SpokenLine = z.infer<typeof SpokenLine>;

/** The newest lines, oldest first, in at most so many bytes of JSON: a model is told again no more of it anyway. */
export const MAX_CONVERSATION_BYTES = 16_384;

/** What is known of a client that had been ready: it does not say so a second time. */
export const ReadyClient = z.object({ rtviVersion: z.string().max(32).optional() });
export type ReadyClient = z.infer<typeof ReadyClient>;

/** In the start signal of each bot but a session's first. */
export const Takeover = z.object({
  /**
   * `recovery`: the bot before is lost, and is being put out of the room. The new one prepares, joins when it is told
   * `room-ready` (or blindly after a while, as any bot does), and says that it is back.
   *
   * `hand-over`: the bot before still talks. The new one prepares everything but does not join, and reports `prepared`.
   * It joins when it is told `room-ready`, never blindly, and goes on as if nothing had been.
   */
  how: z.enum(["recovery", "hand-over"]),
  /** The newest one that was reported. Without it the bot tells Gemini the conversation. */
  handle: ResumptionHandle.optional(),
  /** What was said so far, bounded by {@link MAX_CONVERSATION_BYTES}. */
  conversation: z.array(SpokenLine).default([]),
  /** Set when the client had been ready: the bot starts as ready, without a `client-ready`. */
  client: ReadyClient.optional(),
});
export type Takeover = z.output<typeof Takeover>;
