import type { FatalError, Media, Participant, RoomInfo } from "../signalling-messages.ts";
import { MAX_APP_MESSAGE_CHARS } from "../signalling-messages.ts";
import type { Room } from "./room.ts";
import { type Claims, canSend } from "./tokens.ts";

export const EJECTED: FatalError = { type: "ejected", msg: "You were removed from this meeting." };

export interface JoinRequest {
  userName?: string | undefined;
  userData?: unknown;
  media: Media;
}

/** When a participant will be sent out, and what they will hear. */
export interface Ejection {
  atMs: number;
  error: FatalError;
}

/** The first of: the room's end, the token's end, so many seconds after joining; where they eject at all. */
export function nextEjection({ config }: Room, claims: Claims | undefined): Ejection | undefined {
  const ends: Ejection[] = [];
  if (config.eject_at_room_exp && config.exp !== undefined) {
    ends.push({ atMs: config.exp * 1000, error: { type: "exp-room", msg: "This room has expired." } });
  }
  if (claims?.ejt && claims.exp !== undefined) {
    const error: FatalError = { type: "exp-token", msg: "The meeting token has expired." };
    ends.push({ atMs: claims.exp * 1000, error });
  }
  for (const elapsedS of [claims?.eje, config.eject_after_elapsed]) {
    if (elapsedS !== undefined) ends.push({ atMs: Date.now() + elapsedS * 1000, error: EJECTED });
  }
  return ends.sort((a, b) => a.atMs - b.atMs)[0];
}

/** A name in the token wins over the one given at the join; without a user id the session id stands for it. */
export function newParticipant(
  claims: Claims | undefined,
  { userName, userData, media }: JoinRequest,
  ejection: Ejection | undefined,
): Participant {
  const sessionId = crypto.randomUUID();
  return {
    sessionId,
    userId: claims?.ud ?? sessionId,
    userName: claims?.u ?? userName ?? "",
    userData,
    owner: claims?.o ?? false,
    joinedAt: new Date().toISOString(),
    ...(ejection ? { willEjectAt: new Date(ejection.atMs).toISOString() } : {}),
    canSend: canSend(claims),
    media,
  };
}

/** What the holder of these claims is told of a room before joining. */
export function roomInfo(room: Room, claims: Claims | undefined): RoomInfo {
  return {
    id: room.id,
    name: room.name,
    config: room.config,
    domainConfig: { max_app_message_size: MAX_APP_MESSAGE_CHARS },
    tokenConfig: {
      is_owner: claims?.o ?? false,
      ...(claims?.exp === undefined ? {} : { exp: claims.exp }),
      ...(claims?.nbf === undefined ? {} : { nbf: claims.nbf }),
      ...(claims?.u === undefined ? {} : { user_name: claims.u }),
    },
    startAudioOff: claims?.ao ?? room.config.start_audio_off ?? false,
    startVideoOff: claims?.vo ?? room.config.start_video_off ?? false,
    canSend: canSend(claims),
  };
}
