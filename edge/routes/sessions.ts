import { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { describeFieldErrors, fieldErrors } from "../../protocol/parse.ts";
import {
  IDEMPOTENCY_KEY_HEADER,
  IdempotencyKey,
  SESSION_ID_HEADER,
  type StartReply,
  StartRequest,
} from "../../protocol/session.ts";
import { roomProperties } from "../daily/room-properties.ts";
import { tokenWishes } from "../daily/token-wishes.ts";
import { regionOf } from "../fleet/regions.ts";
import { readBody } from "../http/body.ts";
import type { EdgeContext } from "../http/context.ts";
import { eventsUrl } from "../session/events-ticket.ts";
import { fingerprint, idempotentSessionId } from "../session/idempotency.ts";
import { isSessionId, newSessionId } from "../session/session-id.ts";
import type { StartCommand, StartOutcome } from "../session/start.ts";
import type { Settings } from "../settings.ts";
import { rememberStart } from "./recent-starts.ts";

type Started = Extract<StartOutcome, { ok: true }> & { sessionId: string };

/**
 * How often a start that came to nothing may be tried again under one key. Each try has an object of its own, and
 * passes those before it.
 */
const MAX_STARTS_PER_KEY = 10;

/**
 * `POST /api/rtvi/start`, `POST /start`: 201 with a room, the caller's token for it, and a bot on its way. With an
 * `Idempotency-Key` that was there before: 200 with the same session and a new token, as long as it lives.
 */
export async function startSession(c: EdgeContext): Promise<Response> {
  const request = await readBody(c.req.raw, StartRequest);
  const { sessionId, room, token, expiresAt, begun } = await start(c, request);
  const settings = c.get("settings");
  const reply: StartReply = {
    sessionId,
    room,
    token,
    expiresAt: new Date(expiresAt).toISOString(),
    rtvi: {
      startEndpoint: `${settings.publicUrl}/api/rtvi/start`,
      wsEndpoint: await eventsUrl(settings, { sessionId, expiresAt }),
    },
    room_url: room.url,
  };
  return c.json(reply, begun ? 201 : 200, { [SESSION_ID_HEADER]: sessionId });
}

/** `GET /api/rtvi/{id}` */
export async function viewSession(c: EdgeContext): Promise<Response> {
  const view = await session(c).view(c.get("caller"));
  if (!view) throw noSuchSession();
  return c.json(view);
}

/** `POST /api/rtvi/{id}/stop`: idempotent. */
export async function stopSession(c: EdgeContext): Promise<Response> {
  const reply = await session(c).stop(c.get("caller"));
  if (!reply) throw noSuchSession();
  return c.json(reply);
}

/** One session started, with everything decided that needs no I/O; the session's object does the rest. */
export async function start(c: EdgeContext, request: StartRequest): Promise<Started> {
  const settings = c.get("settings");
  const key = idempotencyKey(c);
  const caller = c.get("caller");
  const asked = tokenWishes(request.dailyMeetingTokenProperties ?? {}, { nowMs: Date.now() });
  const command: Omit<StartCommand, "sessionId"> = {
    requestId: c.get("requestId"),
    caller,
    fingerprint: key === undefined ? undefined : await fingerprint(request),
    language: request.user?.locale ?? settings.defaultLanguage,
    voice: voiceOf(request) ?? settings.defaultVoice,
    // Where both say who it is, our own field counts.
    user: {
      ...asked.user,
      ...(request.user?.id === undefined ? {} : { id: request.user.id }),
      ...(request.user?.name === undefined ? {} : { name: request.user.name }),
    },
    token: asked.wishes,
    metadata: request.metadata ?? {},
    near: regionOf(c.req.raw.cf),
    room: roomOf(request, settings),
  };
  for (let round = 0; round < MAX_STARTS_PER_KEY; round++) {
    const sessionId =
      key === undefined
        ? newSessionId()
        : await idempotentSessionId(settings.signingKey, { caller, key, round });
    const outcome: StartOutcome = await c.env.SESSIONS.getByName(sessionId).start({ ...command, sessionId });
    if (outcome.ok || outcome.code !== "failed_before") return startedOf(outcome, sessionId);
  }
  throw new ProblemError(
    "conflict",
    "The starts under this Idempotency-Key have failed too often. Use a new one.",
  );
}

function startedOf(outcome: Exclude<StartOutcome, { code: "failed_before" }>, sessionId: string): Started {
  rememberStart(outcome);
  if (outcome.ok) return { ...outcome, sessionId };
  const { code, detail, errors, retryAfterS } = outcome;
  throw new ProblemError(code, detail, {
    ...(errors ? { errors } : {}),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  });
}

function idempotencyKey(c: EdgeContext): string | undefined {
  const given = c.req.header(IDEMPOTENCY_KEY_HEADER);
  if (given === undefined) return undefined;
  const key = IdempotencyKey.safeParse(given);
  if (key.success) return key.data;
  throw invalid("Idempotency-Key", fieldErrors(key.error)[0]?.message ?? "is not valid");
}

/** A room that is named is reused, whatever `createDailyRoom` says; otherwise one is made unless that is refused. */
function roomOf(request: StartRequest, settings: Settings): StartCommand["room"] {
  const { createDailyRoom, dailyRoomProperties = {} } = request;
  const url = request.roomUrl ?? (createDailyRoom ? undefined : settings.daily.sampleRoomUrl);
  if (url !== undefined) return { kind: "reuse", url };
  if (!createDailyRoom) {
    throw invalid("roomUrl", "is needed with createDailyRoom:false, since no sample room is configured");
  }
  const properties = roomProperties(dailyRoomProperties, { nowMs: Date.now(), maxMs: settings.sessionMaxMs });
  return { kind: "create", properties };
}

const AskedVoice = z.object({ voice: z.string().min(1).max(64).optional() });

function voiceOf({ metadata }: StartRequest): string | undefined {
  const asked = AskedVoice.safeParse(metadata ?? {});
  if (asked.success) return asked.data.voice;
  const errors = fieldErrors(asked.error).map(({ path, message }) => ({ path: `metadata.${path}`, message }));
  throw new ProblemError("invalid_request", describeFieldErrors(errors), { errors });
}

/** The object of the session in the path. An id that we would never make wakes none. */
function session(c: EdgeContext) {
  const id = c.req.param("id");
  if (id === undefined || !isSessionId(id)) throw noSuchSession();
  return c.env.SESSIONS.getByName(id);
}

function noSuchSession(): ProblemError {
  return new ProblemError("session_not_found", "There is no such session. It may have ended long ago.");
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError("invalid_request", `${path}: ${message}`, { errors: [{ path, message }] });
}
