import type { FatalError } from "../signalling-messages.ts";
import type { Room } from "./room.ts";
import type { Claims } from "./token-properties.ts";

/** Daily's own default when a room does not say. */
const DEFAULT_MAX_PARTICIPANTS = 200;

interface EntryQuestion {
  room: Room;
  /** Claims of a token that is genuine and for this room; undefined without a token. */
  claims: Claims | undefined;
  /** Whether an ejection has banned the token's user id. */
  banned: boolean;
  /** How many are in the room now. */
  present: number;
  nowMs: number;
}

/**
 * Why somebody may not enter a room that exists, or null. Daily's real order of precedence is not documented; this one
 * names the nearest cause first.
 */
export function refuseEntry({ room, claims, banned, present, nowMs }: EntryQuestion): FatalError | null {
  const noAccess = refuseAccess(room, claims);
  if (noAccess) return { type: "not-allowed", msg: noAccess };
  if (banned) return { type: "not-allowed", msg: "This user was ejected and banned." };
  const { nbf, exp, max_participants: maxParticipants = DEFAULT_MAX_PARTICIPANTS } = room.config;
  if (isBefore(nowMs, claims?.nbf)) return { type: "nbf-token", msg: "The meeting token is not valid yet." };
  if (isPast(nowMs, claims?.exp)) return { type: "exp-token", msg: "The meeting token has expired." };
  if (isBefore(nowMs, nbf)) return { type: "nbf-room", msg: "This room is not open yet." };
  if (isPast(nowMs, exp)) return { type: "exp-room", msg: "This room is no longer available." };
  if (present >= maxParticipants) return { type: "meeting-full", msg: "Meeting is full." };
  return null;
}

/**
 * Where Daily would put somebody into the lobby, they are refused: letting them in would be kinder than Daily, and a lobby
 * is not emulated. Those are who comes to a private room with knocking without a token, or with one that says `k`.
 */
function refuseAccess({ privacy, config }: Room, claims: Claims | undefined): string | null {
  if (config.enable_knocking && (claims ? claims.k : privacy === "private")) {
    return "This room asks for a knock, which is not emulated: join with a meeting token that need not knock.";
  }
  return privacy === "private" && !claims ? "This room is private: a meeting token is needed." : null;
}

const isBefore = (nowMs: number, seconds: number | undefined) =>
  seconds !== undefined && nowMs < seconds * 1000;
const isPast = (nowMs: number, seconds: number | undefined) =>
  seconds !== undefined && nowMs >= seconds * 1000;
