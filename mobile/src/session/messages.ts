import { z } from "zod";
import type { Language } from "../../../protocol/languages.ts";
import type * as Wire from "../../../protocol/session.ts";
import { LANGUAGE_TAGS } from "../i18n/languages.ts";

/**
 * What the bot and the service say, as far as the app reads it. client-js hands messages on unchecked, under types
 * that nobody has verified, so they are parsed here. The types of `protocol/` say what each has to fit.
 */

/** What Daily carries for the assistant; other applications may use the same room. */
export const RTVI_LABEL = "rtvi-ai";
export const AppMessage = z.object({ label: z.string(), type: z.string(), data: z.unknown().optional() });

export const UserTranscript = z.object({ text: z.string(), final: z.boolean() });

export const BotText = z.object({ text: z.string() });

/** `bot-output` of RTVI 2.x, as what it means for captions. `heard` and `rest` are the two parts of `text`. */
export const BotOutput = z
  .object({
    text: z.string(),
    segment_id: z.number().optional(),
    spoken_status: z.enum(["new", "in-progress", "completed"]).optional(),
    spoken_progress: z
      .object({ accumulated_text: z.string(), remaining_text: z.string() })
      .optional()
      .catch(undefined),
  })
  .transform(({ text, segment_id: id, spoken_status, spoken_progress }) => {
    if (spoken_status === "in-progress") {
      const { accumulated_text: heard, remaining_text: rest } = spoken_progress ?? {
        accumulated_text: text,
        remaining_text: "",
      };
      return { kind: "progress" as const, id, text, heard, rest };
    }
    if (spoken_status === "completed") return { kind: "completed" as const, id, text };
    if (spoken_status === "new") return { kind: "new" as const, id, text };
    // No progress will follow: an answer for reading, or a bot that does not know what is heard when.
    return { kind: "whole" as const, id, text };
  });
export type BotOutput = z.output<typeof BotOutput>;

/** `error`. Bots send the text under one of two names, or both. */
export const BotError = z
  .object({ error: z.string().optional(), message: z.string().optional(), fatal: z.boolean().optional() })
  .transform(({ error, message, fatal = false }) => ({ detail: error ?? message ?? "", fatal }));

/** `server-message`, as far as it is ours (`docs/rtvi.md`). Another application's is `undefined`. */
export const BotNotice = z
  .union([
    z
      .object({
        t: z.literal("assistant-status"),
        d: z.object({ status: z.enum(["away", "cut", "back"]), memory: z.string().optional() }),
      })
      .transform(({ d }) => ({ kind: d.status, memory: d.memory })),
    z.object({ t: z.literal("assistant-mute") }).transform(() => ({ kind: "mute" as const })),
  ])
  .optional()
  .catch(undefined);

/** daily-js's fatal `error` event: the type, and for a connection error what it was busy with. */
export const DailyError = z.object({
  errorMsg: z.string().catch(""),
  error: z
    .object({
      type: z.string(),
      details: z.object({ on: z.string().optional() }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** daily-js's `network-connection` event. */
export const DailyNetwork = z.object({ type: z.string(), event: z.string() });

/** Of an error reply. */
export const ProblemText = z.object({ detail: z.string(), code: z.string().optional() });

const Tag: z.ZodType<Language> = z.enum(LANGUAGE_TAGS);

/** Of the reply of `POST /api/rtvi/start`: what a join needs, and a return to the same call. */
export const Started: z.ZodType<Pick<Wire.StartReply, "sessionId" | "room_url" | "token" | "expiresAt">> =
  z.object({
    sessionId: z.string(),
    room_url: z.string(),
    token: z.string(),
    expiresAt: z.string(),
  });
export type Started = z.output<typeof Started>;

/** Of the reply of `GET /client-config`. A service that does not have that is one of another kind. */
export const ServerConfig: z.ZodType<
  Pick<Wire.ClientConfig, "emulated" | "auth" | "bundlePathOverride" | "defaultLanguage">
> = z.object({
  emulated: z.object({ daily: z.boolean(), gemini: z.boolean() }),
  auth: z.enum(["none", "bearer"]),
  bundlePathOverride: z.string().optional(),
  defaultLanguage: Tag,
});
export type ServerConfig = z.output<typeof ServerConfig>;

/** Of the reply of `GET /health`. */
export const Health = z.object({ status: z.enum(["ok", "degraded"]) });
export type Health = z.output<typeof Health>;

const REASONS = [
  ...(["stopped", "client_left", "idle", "expired", "never_joined"] as const),
  ...(["bot_lost", "gemini_failed", "daily_failed", "no_capacity"] as const),
] satisfies Wire.EndReason[];

/** Of the reply of `GET /api/rtvi/{id}`. */
export const SessionRecord: z.ZodType<
  Pick<Wire.SessionView, "state" | "reason" | "expiresAt"> & {
    transcript: Pick<Wire.TranscriptEntry, "seq" | "role" | "text" | "interrupted">[];
  }
> = z.object({
  state: z.enum(["starting", "active", "recovering", "completed", "failed"]),
  reason: z.enum(REASONS).optional(),
  expiresAt: z.string(),
  transcript: z.array(
    z.object({
      seq: z.number(),
      role: z.enum(["user", "assistant"]),
      text: z.string(),
      interrupted: z.boolean().optional(),
    }),
  ),
});
export type SessionRecord = z.output<typeof SessionRecord>;

/** Of the reply of `POST /api/rtvi/{id}/stop`. */
export const StopReply: z.ZodType<Pick<Wire.StopReply, "state" | "reason">> = z.object({
  state: z.enum(["starting", "active", "recovering", "completed", "failed"]),
  reason: z.enum(REASONS).optional(),
});

export function isOver({ state }: Pick<SessionRecord, "state">): boolean {
  return state === "completed" || state === "failed";
}
