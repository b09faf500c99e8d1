import { z } from "zod";
import { EndReason, Mark, TranscriptEntry, TurnSummary, Usage } from "./session.ts";
import { ReadyClient, ResumptionHandle, SpokenLine } from "./takeover.ts";

/**
 * The link: the WebSocket from a bot to its session at the edge, `…/internal/sessions/{id}/bot`, opened with
 * `Authorization: Bearer <link token>`. JSON text messages, one object each. The plain text `ping` is answered
 * `pong` without waking the session.
 */

/** What a bot reports. `at` is the bot's clock in epoch milliseconds. */
export const BotReport = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("mark"), mark: Mark.exclude(["room", "dispatched", "ended"]), at: z.number() }),
  z.object({ kind: z.literal("transcript"), entry: TranscriptEntry.omit({ seq: true }) }),
  z.object({ kind: z.literal("usage"), usage: Usage }),
  z.object({ kind: z.literal("turns"), turns: TurnSummary }),
  /**
   * It ends. `bot_lost`: not because the conversation is over but because it cannot go on here (its page, its browser or
   * its host goes), so that another takes over at once.
   */
  z.object({ kind: z.literal("ended"), reason: EndReason }),
  /** Gemini has issued a newer resumption handle. */
  z.object({ kind: z.literal("handle"), handle: ResumptionHandle }),
  /** A `client-ready` was answered. */
  ReadyClient.extend({ kind: z.literal("client") }),
  /** Its host is about to end: it asks to be relieved, and goes on until it is told `hand-over`. Once is enough. */
  z.object({ kind: z.literal("draining") }),
  /** It takes over by hand-over, and has everything ready to join. */
  z.object({ kind: z.literal("prepared") }),
  /**
   * The answer to `hand-over`: it has finished its sentence and closed Gemini, and leaves the room now. The newest handle
   * and all else that it has to say was reported before; its link is closed as `outdated` with the acknowledgement.
   */
  z.object({ kind: z.literal("handed-over") }),
]);
export type BotReport = z.infer<typeof BotReport>;

/** Bot → edge. `seq` counts up from 1 within an attempt; the edge applies each number once. */
export const LinkReport = z.object({
  type: z.literal("report"),
  seq: z.int().positive(),
  report: BotReport,
});
export type LinkReport = z.infer<typeof LinkReport>;

/** Edge → bot. `ack` covers every report up to and including `seq`; unacknowledged ones are sent again on reconnect. */
export const LinkCommand = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ack"), seq: z.int().nonnegative() }),
  /**
   * The room can be joined: it has been made, and whoever had it before is out of it. After a hand-over with what has
   * become known since the start signal: the newest handle, which counts in place of the signal's (and is absent only
   * when there is none), and the lines that follow on the signal's conversation. May be said again when a link comes back.
   */
  z.object({
    type: z.literal("room-ready"),
    handle: ResumptionHandle.optional(),
    conversation: z.array(SpokenLine).optional(),
  }),
  /** Its successor is prepared: finish the sentence, close Gemini, report `handed-over`, leave. Again: no matter. */
  z.object({ type: z.literal("hand-over") }),
  z.object({ type: z.literal("stop"), reason: EndReason }),
]);
export type LinkCommand = z.infer<typeof LinkCommand>;

/** No command has more bytes: `room-ready` with a handle and `MAX_CONVERSATION_BYTES` of talk is the longest. */
export const MAX_COMMAND_BYTES = 65_536;

/**
 * A bot pings this often, or its session takes it for lost after `SILENT_MS` (30 s by default), as it would a host that is
 * frozen or cut off.
 */
export const LINK_PING_EVERY_MS = 10_000;
export const LINK_PING = "ping";
export const LINK_PONG = "pong";

/** Close codes after which the bot must end its call and not come back. */
export const LinkClose = {
  /** The session has ended. */
  ended: 4410,
  /** A newer attempt holds the session. The bot leaves at once and in silence: nothing that it says counts any more. */
  outdated: 4409,
  /** A message of the bot did not parse. */
  invalid: 4400,
} as const;

export function linkPath(sessionId: string): string {
  return `/internal/sessions/${sessionId}/bot`;
}
