import type { FatalError } from "../signalling-messages.ts";
import type { Room } from "./room.ts";
import type { Claims } from "./tokens.ts";

/** Daily's own default when a room does not say. */
const DEFAULT_MAX_PARTICIPANTS = 200;

interface EntryQuestion {
  room: Room;
  /** Claims of a token that is genuine and for this room; undefined without a token. */
  claims: Claims | undefined;
  /** How many are in the room now. */
  present: number;
  nowMs: number;
}

/**
 * Why somebody may not enter a room that exists, or null. Daily's real order of precedence is not documented; this one
 * names the nearest cause first.
 */
export function refuseEntry({ room, claims, present, nowMs }: EntryQuestion): FatalError | null {
  if (room.privacy === "private" && !claims) {
    return { type: "not-allowed", msg: "This room is private: a meeting token is needed." };
  }
  const { nbf, exp, max_participants: maxParticipants = DEFAULT_MAX_PARTICIPANTS } = room.config;
  if (isBefore(nowMs, claims?.nbf)) return { type: "nbf-token", msg: "The meeting token is not valid yet." };
  if (isPast(nowMs, claims?.exp)) return { type: "exp-token", msg: "The meeting token has expired." };
  if (isBefore(nowMs, nbf)) return { type: "nbf-room", msg: "This room is not open yet." };
  if (isPast(nowMs, exp)) return { type: "exp-room", msg: "This room is no longer available." };
  if (present >= maxParticipants) return { type: "meeting-full", msg: "Meeting is full." };
  return null;
}

const isBefore = (nowMs: number, seconds: number | undefined) =>
  seconds !== undefined && nowMs < seconds * 1000;
const isPast = (nowMs: number, seconds: number | undefined) =>
  seconds !== undefined && nowMs >= seconds * 1000;
