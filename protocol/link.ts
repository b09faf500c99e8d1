import { z } from "zod";
import { EndReason, Mark, TranscriptEntry, TurnSummary, Usage } from "./session.ts";

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
  z.object({ kind: z.literal("ended"), reason: EndReason }),
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
  z.object({ type: z.literal("room-ready") }),
  z.object({ type: z.literal("stop"), reason: EndReason }),
]);
export type LinkCommand = z.infer<typeof LinkCommand>;

export const LINK_PING = "ping";
export const LINK_PONG = "pong";

/** Close codes after which the bot must end its call and not come back. */
export const LinkClose = {
  /** The session has ended. */
  ended: 4410,
  /** A newer attempt holds the session. */
  outdated: 4409,
  /** A message of the bot did not parse. */
  invalid: 4400,
} as const;

export function linkPath(sessionId: string): string {
  return `/internal/sessions/${sessionId}/bot`;
}
