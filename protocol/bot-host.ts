import { z } from "zod";
import { LANGUAGE_TAGS } from "./languages.ts";
import { Takeover } from "./takeover.ts";

/**
 * Body of `POST {host}/sessions`: all that a bot needs to take a call. Idempotent by `sessionId` and `attempt`.
 * The bot prepares at once, and joins when its link says `room-ready` (or blindly after a while).
 */
export const StartSignal = z.object({
  sessionId: z.string().min(1).max(64),
  /** 1 for the first bot of a session; each later one fences out those before it. */
  attempt: z.int().positive(),
  room: z.object({ url: z.url(), name: z.string().min(1).max(128) }),
  /** The bot's Daily meeting token (owner). */
  token: z.string().min(1),
  botName: z.string().min(1).max(64),
  language: z.enum(LANGUAGE_TAGS),
  voice: z.string().min(1).max(64).optional(),
  user: z.object({ id: z.string().optional(), name: z.string().optional() }).default({}),
  metadata: z.record(z.string(), z.unknown()).default({}),
  /** When the session must be over; the bot ends itself then. */
  expiresAt: z.iso.datetime(),
  /** The session's own WebSocket at the edge, and the credential for it. */
  link: z.object({ url: z.url(), token: z.string().min(1) }),
  /** There from the second attempt on: what the bot before has left. */
  takeover: Takeover.optional(),
});
export type StartSignal = z.output<typeof StartSignal>;

/** How full a bot host is; part of every answer, so that the edge needs no extra call to know. */
export const HostLoad = z.object({ active: z.int().nonnegative(), capacity: z.int().nonnegative() });
export type HostLoad = z.infer<typeof HostLoad>;

/** Reply (202) of `POST {host}/sessions`. */
export const StartAccepted = HostLoad.extend({ sessionId: z.string(), attempt: z.int() });
export type StartAccepted = z.infer<typeof StartAccepted>;

/** Reply (200) of `DELETE {host}/sessions/{id}`; `stopped` is false when no such bot runs here. */
export const StopAccepted = HostLoad.extend({ stopped: z.boolean() });
export type StopAccepted = z.infer<typeof StopAccepted>;

/** Reply of `GET {host}/health`. `down`: the browser or a page cannot be had, so no call can be taken. */
export const HostHealth = HostLoad.extend({
  status: z.enum(["ok", "degraded", "down"]),
  draining: z.boolean(),
});
export type HostHealth = z.infer<typeof HostHealth>;
