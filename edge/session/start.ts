import { type ErrorCode, type FieldError, ProblemError } from "../../protocol/errors.ts";
import type { Language } from "../../protocol/languages.ts";
import { type Caller, ownerOf } from "../callers/caller.ts";
import { type DailyAccount, roomNameOf } from "../daily/account.ts";
import type { DailyResult } from "../daily/daily-api.ts";
import { mintToken } from "../daily/mint-token.ts";
import type { RoomProperties } from "../daily/room-properties.ts";
import type { TokenWishes } from "../daily/token-wishes.ts";
import type { MeetingToken } from "../daily/tokens.ts";
import type { Settings } from "../settings.ts";
import type { Claim, NewSession, SessionRecord } from "./record.ts";
import { randomHex } from "./session-id.ts";
import type { Brief } from "./store.ts";

/** What the Worker asks a session to start with. It has been validated. */
export interface StartCommand extends Brief {
  sessionId: string;
  requestId: string;
  caller: Caller;
  /** What was asked for, where it may be asked for again: the session id then comes from the caller's key. */
  fingerprint: string | undefined;
  language: Language;
  /** Of the caller's own token. */
  token: TokenWishes;
  room: { kind: "create"; properties: RoomProperties } | { kind: "reuse"; url: string };
}

/** Errors do not survive a call between Worker and object as what they are, so they travel as values. */
export type StartOutcome =
  | {
      ok: true;
      room: { url: string; name: string };
      token: string;
      expiresAt: number;
      /** `false`: this start was asked for before, and nothing was begun by asking again. */
      begun: boolean;
    }
  | { ok: false; code: ErrorCode; detail: string; errors?: FieldError[]; retryAfterS?: number }
  /** The same start came to nothing before. An object serves one session, so the next try needs another. */
  | { ok: false; code: "failed_before" };

/** Of the room name; `vrd-` and 64 random bits in hex are 20 characters, and Daily's older limit allows for 24. */
const ROOM_NAME_BYTES = 8;
/** A room that we made, for one session: its name says so. */
const OWN_ROOM_NAME = /^vrd-/i;
/** Bot and caller are put out of a room that is not ours some time after the end, and that may have to be tried again. */
const ROOM_CLAIM_AFTERLIFE_MS = 120_000;

/**
 * The session that a command asks for.
 * @throws ProblemError `invalid_request` when the room to reuse is not one of ours.
 */
export function planSession(
  command: StartCommand,
  { account, settings, now }: { account: DailyAccount; settings: Settings; now: number },
): NewSession {
  const latest = now + settings.sessionMaxMs;
  const room = planRoom(command.room, account);
  // The room's expiry is the session's, to the second that Daily counts in.
  const expiresAt = command.room.kind === "create" ? command.room.properties.exp * 1_000 : latest;
  return {
    sessionId: command.sessionId,
    createdAt: now,
    expiresAt,
    linkGraceMs: settings.linkGraceMs,
    silentMs: settings.silentMs,
    language: command.language,
    // A caller without an id gets one that is stable for the session and says nothing about it.
    callerId: command.user.id ?? `user-${randomHex(4)}`,
    owner: ownerOf(command.caller),
    fingerprint: command.fingerprint,
    claims: planClaims(command.caller, { room, expiresAt, limit: settings.maxSessionsPerUser }),
    room,
  };
}

/** Operators answer for what they start, and callers without a subject cannot be told apart. */
function planClaims(
  caller: Caller,
  { room, expiresAt, limit }: { room: NewSession["room"]; expiresAt: number; limit: number },
): Claim[] {
  const claims: Claim[] = [];
  if (caller.kind === "user") claims.push({ of: "user", name: `user ${caller.subject}`, limit, expiresAt });
  if (!room.owned) {
    // Whether Daily tells upper case from lower in a name, two sessions in one room would be worse than a refusal.
    const name = `room ${room.name.toLowerCase()}`;
    claims.push({ of: "room", name, limit: 1, expiresAt: expiresAt + ROOM_CLAIM_AFTERLIFE_MS });
  }
  return claims;
}

function planRoom(room: StartCommand["room"], account: DailyAccount): NewSession["room"] {
  if (room.kind === "create") {
    const name = `vrd-${randomHex(ROOM_NAME_BYTES)}`;
    return { name, url: `${account.roomBase}/${name}`, owned: true };
  }
  const name = roomNameOf(room.url, account);
  if (name === undefined)
    throw wrongRoom(`must be a room of this service, such as ${account.roomBase}/a-name`);
  // Whoever has learnt its name must not have a bot of their own listen in, or put the session's bot out at the end.
  if (OWN_ROOM_NAME.test(name)) throw wrongRoom("is the room of another session");
  return { name, url: room.url, owned: false };
}

function wrongRoom(message: string): ProblemError {
  return new ProblemError("invalid_request", `roomUrl: ${message}`, {
    errors: [{ path: "roomUrl", message }],
  });
}

/** Twice, where Daily signs: at the same time as the room is made, and before a host is asked. */
const TOKEN_BUDGET_MS = 3_000;

/** The token of the caller, each time a new one. */
export function callersToken(
  command: StartCommand,
  { record, account, settings }: { record: SessionRecord; account: DailyAccount; settings: Settings },
): Promise<DailyResult<string>> {
  const token: MeetingToken = {
    domainId: account.domainId,
    roomName: record.room.name,
    expiresAt: record.expiresAt,
    userId: record.callerId,
    userName: command.user.name,
    role: { kind: "caller", ...command.token },
  };
  return mintToken(settings.daily, token, TOKEN_BUDGET_MS);
}

/** The answer to a caller whose session lives. */
export function startedSession(
  { room, expiresAt }: SessionRecord,
  { token, begun }: { token: string; begun: boolean },
): StartOutcome {
  return { ok: true, room: { url: room.url, name: room.name }, token, expiresAt, begun };
}

export function refusedStart({ code, message, errors, retryAfterS }: ProblemError): StartOutcome {
  return {
    ok: false,
    code,
    detail: message,
    ...(errors ? { errors } : {}),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  };
}
