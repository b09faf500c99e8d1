import { z } from "zod";
import { LANGUAGE_TAGS, resolveLanguage } from "./languages.ts";
import { isBotUserId, MAX_USER_ID_CHARS } from "./user-id.ts";

/** Largest `metadata` of a start request, in characters of JSON. It is meant for a persona, not for documents. */
const MAX_METADATA_CHARS = 16_384;
/** Deeper than a persona or a room's properties need, and far from where writing it as JSON again would exhaust the stack. */
const MAX_DEPTH = 32;

/** A BCP 47 tag of the caller, as the language we will speak. */
const locale = z
  .string()
  .max(35)
  .transform((tag, context) => {
    const language = resolveLanguage(tag);
    if (language) return language;
    context.addIssue({
      code: "custom",
      message: `"${tag}" is not supported. Supported: ${LANGUAGE_TAGS.join(", ")}`,
    });
    return z.NEVER;
  });

/** An object of the caller's own making. */
const freeObject = z.record(z.string(), z.unknown()).refine((value) => isNestedAtMost(value, MAX_DEPTH), {
  message: `must be nested at most ${MAX_DEPTH} levels deep`,
  abort: true,
});

const metadata = freeObject.refine((value) => JSON.stringify(value).length <= MAX_METADATA_CHARS, {
  message: `must be at most ${MAX_METADATA_CHARS} characters of JSON`,
});

function isNestedAtMost(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isNestedAtMost(inner, levels - 1));
}

/** Becomes Daily's `user_id` of the caller. */
export const userId = z
  .string()
  .min(1)
  .max(MAX_USER_ID_CHARS)
  .refine((id) => !isBotUserId(id), { message: "is a name that only bots have" });

/** What the caller is called in the room. */
export const userName = z.string().min(1).max(64);

/**
 * Body of `POST /api/rtvi/start`. Everything is optional: an empty body starts a session with the defaults. Fields that
 * are not here are ignored, as Pipecat's own servers do: its clients send what other transports need as well.
 */
export const StartRequest = z
  .object({
    createDailyRoom: z.boolean().default(true),
    roomUrl: z.url().max(512).optional(),
    dailyRoomProperties: freeObject.optional(),
    dailyMeetingTokenProperties: freeObject.optional(),
    /** Pipecat's servers know others. */
    transport: z
      .literal("daily", { error: 'must be "daily": this service has no other transport' })
      .optional(),
    user: z
      .object({
        id: userId.optional(),
        name: userName.optional(),
        locale: locale.optional(),
      })
      .optional(),
    metadata: metadata.optional(),
    /** Pipecat's name for `metadata`. Where both have a field, that of `metadata` counts. */
    body: metadata.nullish(),
  })
  .transform(({ body, ...request }, context) => {
    if (!body) return request;
    const both = metadata.safeParse({ ...body, ...request.metadata });
    if (both.success) return { ...request, metadata: both.data };
    for (const { message } of both.error.issues) {
      context.addIssue({ code: "custom", path: ["body"], message: `with metadata ${message}` });
    }
    return z.NEVER;
  });
export type StartRequest = z.output<typeof StartRequest>;

/** Body of `POST /connect`. */
export const ConnectRequest = z.object({ language: locale.optional() });
export type ConnectRequest = z.output<typeof ConnectRequest>;

/** Reply of `POST /api/rtvi/start`. `room_url` stands beside `room` because the official clients read only that. */
export const StartReply = z.object({
  sessionId: z.string(),
  room: z.object({ url: z.string(), name: z.string() }),
  token: z.string(),
  expiresAt: z.iso.datetime(),
  rtvi: z.object({ startEndpoint: z.string(), wsEndpoint: z.string() }),
  room_url: z.string(),
});
export type StartReply = z.infer<typeof StartReply>;

/** Reply of `POST /connect`: nothing else, for daily-js before 0.84, which throws at a field it does not know. */
export const ConnectReply = z.object({ room_url: z.string(), token: z.string() });
export type ConnectReply = z.infer<typeof ConnectReply>;

export const SessionState = z.enum(["starting", "active", "recovering", "completed", "failed"]);
export type SessionState = z.infer<typeof SessionState>;

/** Why a session ended. The first four end it as `completed`, the others as `failed`. */
export const EndReason = z.enum([
  "stopped",
  "client_left",
  "idle",
  "expired",
  "never_joined",
  "bot_lost",
  "gemini_failed",
  "daily_failed",
  "no_capacity",
]);
export type EndReason = z.infer<typeof EndReason>;

/** Reply of `POST /api/rtvi/{id}/stop`. */
export const StopReply = z.object({
  sessionId: z.string(),
  state: SessionState,
  reason: EndReason.optional(),
});
export type StopReply = z.infer<typeof StopReply>;

/** Moments of a session, in milliseconds since it was accepted. */
export const Mark = z.enum([
  "room",
  "dispatched",
  "botJoined",
  "clientJoined",
  "clientReady",
  "firstBotAudio",
  "ended",
]);
export type Mark = z.infer<typeof Mark>;

export const TranscriptEntry = z.object({
  seq: z.int().nonnegative(),
  role: z.enum(["user", "assistant"]),
  text: z.string(),
  at: z.iso.datetime(),
  interrupted: z.boolean().optional(),
});
export type TranscriptEntry = z.infer<typeof TranscriptEntry>;

/** Tokens, summed over the session. */
export const Usage = z.object({
  promptTokens: z.int().nonnegative(),
  responseTokens: z.int().nonnegative(),
  totalTokens: z.int().nonnegative(),
});
export type Usage = z.infer<typeof Usage>;

/**
 * What was done against a model that had fallen silent, in the order in which it is tried: a word, another connection,
 * a fresh session that is told the conversation, and the client is told.
 */
export const MuteStep = z.enum(["nudge", "resume", "fresh", "told"]);
export type MuteStep = z.infer<typeof MuteStep>;

/** How the conversation went, known when the bot has left; after a recovery, that of the newest bot. */
export const TurnSummary = z.object({
  /** Of the user's turns, those that were answered. */
  count: z.int().nonnegative(),
  /** Answers that the user interrupted. */
  interrupted: z.int().nonnegative(),
  /** From the end of the user's turn to the first sound of the answer that was played. */
  medianResponseMs: z.int().nonnegative().optional(),
  /** How often which step was taken; absent when none was. */
  muteSteps: z.partialRecord(MuteStep, z.int().positive()).optional(),
});
export type TurnSummary = z.infer<typeof TurnSummary>;

/** Reply of `GET /api/rtvi/{id}`. Never holds a token by which the call could be joined. */
export const SessionView = z.object({
  sessionId: z.string(),
  state: SessionState,
  reason: EndReason.optional(),
  room: z.object({ url: z.string(), name: z.string() }),
  language: z.enum(LANGUAGE_TAGS),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  bot: z.object({ hostId: z.string().optional(), attempt: z.int() }),
  timeline: z.partialRecord(Mark, z.number().nonnegative()),
  transcript: z.array(TranscriptEntry),
  usage: Usage,
  turns: TurnSummary.optional(),
});
export type SessionView = z.infer<typeof SessionView>;

/** Reply of `GET /client-config`: what a page must know before it starts a session. */
export const ClientConfig = z.object({
  emulated: z.object({ daily: z.boolean(), gemini: z.boolean() }),
  /** Whether a session can only be started with a token in `Authorization: Bearer`. */
  auth: z.enum(["none", "bearer"]),
  /** daily-js's `dailyConfig.bundlePathOverride`, where Daily is emulated. */
  bundlePathOverride: z.string().optional(),
  languages: z.array(z.object({ tag: z.enum(LANGUAGE_TAGS), name: z.string() })),
  defaultLanguage: z.enum(LANGUAGE_TAGS),
});
export type ClientConfig = z.infer<typeof ClientConfig>;

/** Reply header that carries the session id where the body may not (`/connect`). Exposed to browsers by CORS. */
export const SESSION_ID_HEADER = "x-session-id";

/**
 * Request header of a start: the same key with the same body is the same session, however often it is sent. A key
 * is good for one conversation; see `IdempotencyKey` for its form.
 */
export const IDEMPOTENCY_KEY_HEADER = "idempotency-key";

/**
 * 1 to 255 characters of visible ASCII. A UUID is a good one. A caller without a subject of its own must choose it as
 * it would a password, since whoever sends the same key and body is handed the same session.
 */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 characters of visible ASCII, without spaces");
