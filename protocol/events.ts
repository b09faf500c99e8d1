import { z } from "zod";
import { EndReason, Mark, SessionState, TranscriptEntry, Usage } from "./session.ts";

/**
 * The events of a session: the WebSocket at `rtvi.wsEndpoint` of a start's reply. The
 * address holds a ticket that opens nothing else, and is good until some minutes after the session. JSON text
 * messages, one object each, from the edge alone. The plain text `ping` is answered `pong` without waking the session.
 *
 * Everything that has happened comes first, then what happens, each with its number. Whoever comes back after a lost
 * connection adds `&after=<the last number>` to the address, and misses nothing.
 */

const numbered = z.object({
  /** Counts up by one, from 1 in each session. */
  seq: z.int().positive(),
  at: z.iso.datetime(),
});

/** One thing that has happened. */
export const Happening = z.discriminatedUnion("type", [
  numbered.extend({ type: z.literal("state"), state: SessionState, reason: EndReason.optional() }),
  /** A moment was reached, `ms` milliseconds after the session was accepted. */
  numbered.extend({ type: z.literal("mark"), name: Mark, ms: z.number().nonnegative() }),
  numbered.extend({ type: z.literal("transcript"), entry: TranscriptEntry }),
  /** Tokens, summed over the session: a newer one replaces those before it. */
  numbered.extend({ type: z.literal("usage"), usage: Usage }),
  /** Which bot has the session, and where it runs as soon as that is known. */
  numbered.extend({ type: z.literal("bot"), attempt: z.int().positive(), hostId: z.string().optional() }),
]);
export type Happening = z.infer<typeof Happening>;

/** A message of the socket: what has happened, or that so many events, the last of them `seq`, are no longer kept. */
export const EventMessage = z.discriminatedUnion("type", [
  ...Happening.options,
  numbered.extend({ type: z.literal("gap"), missing: z.int().positive() }),
]);
export type EventMessage = z.infer<typeof EventMessage>;

export const EVENTS_PING = "ping";
export const EVENTS_PONG = "pong";

/** Why the edge closes the socket. */
export const EventsClose = {
  /** The session has ended, and all of its events were sent. */
  ended: 1000,
  /** The client said something: nothing but a ping may be said here. */
  unexpected: 4400,
  /** The session was forgotten, as each is some time after its end. */
  forgotten: 4404,
  /** As much was sent as one connection may hold; the next goes on from `after`. */
  continue: 4408,
  /** `after` is a number that this session has not come to. */
  ahead: 4416,
  /** The session has as many watchers as it may have. */
  crowded: 4429,
} as const;

/** Query of the address: the ticket, and the last number that is known already. */
export const EVENTS_TICKET = "ticket";
export const EVENTS_AFTER = "after";

export function eventsPath(sessionId: string): string {
  return `/api/rtvi/${sessionId}/events`;
}
