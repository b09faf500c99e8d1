import { MAX_APP_MESSAGE_CHARS } from "../signalling-limits.ts";
import type { Media, Participant, RoomInfo } from "../signalling-messages.ts";
import type { Ejection } from "./ejection.ts";
import { type InitialPermissions, initialPermissions } from "./permissions.ts";
import type { Room } from "./room.ts";
import type { Claims } from "./token-properties.ts";

export interface JoinRequest {
  userName?: string | undefined;
  userData?: unknown;
  media: Media;
}

interface Newcomer {
  room: Room;
  claims: Claims | undefined;
  request: JoinRequest;
  ejection: Ejection | undefined;
}

/** A name in the token wins over the one given at the join; without a user id the session id stands for it. */
export function newParticipant({ room, claims, request, ejection }: Newcomer): Participant {
  const { userName, userData, media } = request;
  const sessionId = crypto.randomUUID();
  return {
    sessionId,
    userId: claims?.ud ?? sessionId,
    userName: claims?.u ?? userName ?? "",
    userData,
    owner: claims?.o ?? false,
    joinedAt: new Date().toISOString(),
    ...(ejection ? { willEjectAt: new Date(ejection.atMs).toISOString() } : {}),
    permissions: permissionsOf(room, claims),
    media,
  };
}

function permissionsOf({ config }: Room, claims: Claims | undefined): InitialPermissions {
  return initialPermissions({ owner: claims?.o ?? false, token: claims?.p, room: config });
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
    permissions: permissionsOf(room, claims),
  };
}
