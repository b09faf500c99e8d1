import { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { describeFieldErrors, fieldErrors } from "../../protocol/parse.ts";
import { SESSION_ID_HEADER, type StartReply, StartRequest } from "../../protocol/session.ts";
import { roomProperties } from "../daily/room-properties.ts";
import { readBody } from "../http/body.ts";
import type { EdgeContext } from "../http/context.ts";
import { isSessionId, newSessionId, type StartCommand, type StartOutcome } from "../session/start.ts";
import type { Settings } from "../settings.ts";
import { rememberStart } from "./recent-starts.ts";

type Started = Extract<StartOutcome, { ok: true }> & { sessionId: string };

/** `POST /api/rtvi/start`, `POST /start`: 201 with a room, the caller's token for it, and a bot on its way. */
export async function startSession(c: EdgeContext): Promise<Response> {
  const request = await readBody(c.req.raw, StartRequest);
  const { sessionId, room, token, expiresAt } = await start(c, request);
  const { publicUrl } = c.get("settings");
  const reply: StartReply = {
    sessionId,
    room,
    token,
    expiresAt: new Date(expiresAt).toISOString(),
    rtvi: {
      startEndpoint: `${publicUrl}/api/rtvi/start`,
      wsEndpoint: `${publicUrl.replace(/^http/, "ws")}/api/rtvi/${sessionId}/events`,
    },
    room_url: room.url,
  };
  return c.json(reply, 201, { [SESSION_ID_HEADER]: sessionId });
}

/** `GET /api/rtvi/{id}` */
export async function viewSession(c: EdgeContext): Promise<Response> {
  const view = await session(c).view();
  if (!view) throw noSuchSession();
  return c.json(view);
}

/** `POST /api/rtvi/{id}/stop`: idempotent. */
export async function stopSession(c: EdgeContext): Promise<Response> {
  const reply = await session(c).stop();
  if (!reply) throw noSuchSession();
  return c.json(reply);
}

/** One session started, with everything decided that needs no I/O; the session's object does the rest. */
export async function start(c: EdgeContext, request: StartRequest): Promise<Started> {
  const settings = c.get("settings");
  const sessionId = newSessionId();
  const command: StartCommand = {
    sessionId,
    requestId: c.get("requestId"),
    language: request.user?.locale ?? settings.defaultLanguage,
    voice: voiceOf(request) ?? settings.defaultVoice,
    user: {
      ...(request.user?.id === undefined ? {} : { id: request.user.id }),
      ...(request.user?.name === undefined ? {} : { name: request.user.name }),
    },
    metadata: request.metadata ?? {},
    room: roomOf(request, settings),
  };
  const outcome: StartOutcome = await c.env.SESSIONS.getByName(sessionId).start(command);
  rememberStart(outcome);
  if (outcome.ok) return { ...outcome, sessionId };
  throw new ProblemError(outcome.code, outcome.detail, outcome.errors ? { errors: outcome.errors } : {});
}

/** A room that is named is reused, as the seeds of this API had it; otherwise one is made unless that is refused. */
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
