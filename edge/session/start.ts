import type { StartSignal } from "../../protocol/bot-host.ts";
import { type ErrorCode, type FieldError, ProblemError } from "../../protocol/errors.ts";
import type { Language } from "../../protocol/languages.ts";
import { linkPath } from "../../protocol/link.ts";
import { botUserId } from "../../protocol/user-id.ts";
import { type DailyAccount, roomNameOf } from "../daily/account.ts";
import type { RoomProperties } from "../daily/room-properties.ts";
import { signMeetingToken } from "../daily/tokens.ts";
import type { Settings } from "../settings.ts";
import { signLinkToken } from "./link-token.ts";
import type { NewSession, SessionRecord } from "./record.ts";

/** What the Worker asks a session to start with. It has been validated; the session id is fresh. */
export interface StartCommand {
  sessionId: string;
  requestId: string;
  language: Language;
  voice: string | undefined;
  user: { id?: string; name?: string };
  metadata: Record<string, unknown>;
  room: { kind: "create"; properties: RoomProperties } | { kind: "reuse"; url: string };
}

/** Errors do not survive a call between Worker and object as what they are, so they travel as values. */
export type StartOutcome =
  | { ok: true; room: { url: string; name: string }; token: string; expiresAt: number }
  | { ok: false; code: ErrorCode; detail: string; errors?: FieldError[] };

/** Of the room name; `vrd-` and 64 random bits in hex are 20 characters, and Daily's older limit allows for 24. */
const ROOM_NAME_BYTES = 8;

/** 128 random bits, which are the right to see and stop the session. */
export function newSessionId(): string {
  return randomHex(16);
}

export function isSessionId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

function randomHex(bytes: number): string {
  return crypto
    .getRandomValues(new Uint8Array(bytes))
    .reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
}

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
  return {
    sessionId: command.sessionId,
    createdAt: now,
    // The room's expiry is the session's, to the second that Daily counts in.
    expiresAt: command.room.kind === "create" ? command.room.properties.exp * 1_000 : latest,
    linkGraceMs: settings.linkGraceMs,
    language: command.language,
    // A caller without an id gets one that is stable for the session and says nothing about it.
    callerId: command.user.id ?? `user-${randomHex(4)}`,
    room,
  };
}

function planRoom(room: StartCommand["room"], account: DailyAccount): NewSession["room"] {
  if (room.kind === "create") {
    const name = `vrd-${randomHex(ROOM_NAME_BYTES)}`;
    return { name, url: `${account.roomBase}/${name}`, owned: true };
  }
  const name = roomNameOf(room.url, account);
  if (name === undefined) {
    const message = `must be a room of this service, such as ${account.roomBase}/a-name`;
    throw new ProblemError("invalid_request", `roomUrl: ${message}`, {
      errors: [{ path: "roomUrl", message }],
    });
  }
  return { name, url: room.url, owned: false };
}

/** What a bot host is sent, with the bot's two credentials made for this attempt. */
export async function startSignal(
  command: StartCommand,
  { record, account, settings }: { record: SessionRecord; account: DailyAccount; settings: Settings },
): Promise<StartSignal> {
  const { sessionId, expiresAt, room } = record;
  const { attempt } = record.bot;
  const [token, linkToken] = await Promise.all([
    signMeetingToken(settings.daily.apiKey, {
      domainId: account.domainId,
      roomName: room.name,
      expiresAt,
      userId: botUserId(attempt),
      userName: settings.botName,
      role: "bot",
    }),
    signLinkToken(settings.signingKey, { sessionId, attempt, expiresAt }),
  ]);
  return {
    sessionId,
    attempt,
    room: { url: room.url, name: room.name },
    token,
    botName: settings.botName,
    language: record.language,
    ...(command.voice === undefined ? {} : { voice: command.voice }),
    user: command.user,
    metadata: command.metadata,
    expiresAt: new Date(expiresAt).toISOString(),
    link: { url: `${settings.publicUrl.replace(/^http/, "ws")}${linkPath(sessionId)}`, token: linkToken },
  };
}

/** The caller's way into the room. */
export function callerToken(
  command: StartCommand,
  { record, account, settings }: { record: SessionRecord; account: DailyAccount; settings: Settings },
): Promise<string> {
  return signMeetingToken(settings.daily.apiKey, {
    domainId: account.domainId,
    roomName: record.room.name,
    expiresAt: record.expiresAt,
    userId: record.callerId,
    userName: command.user.name,
    role: "caller",
  });
}
