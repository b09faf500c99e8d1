import { SignJWT } from "jose";
import type { TokenWishes } from "./token-wishes.ts";

export interface MeetingToken {
  domainId: string;
  roomName: string;
  /** Epoch milliseconds. Whoever holds the token is put out then. */
  expiresAt: number;
  /** Daily's `user_id`: stable, so that this participant can be ejected by it. */
  userId: string;
  userName: string | undefined;
  /** The bot is owner. A caller is a participant who may send audio, and video where it asked for that. */
  role: { kind: "bot" } | ({ kind: "caller" } & TokenWishes);
}

/**
 * A Daily meeting token, signed by us: HS256 with the API key as its secret. It costs no call.
 * https://docs.daily.co/reference/rest-api/meeting-tokens/self-signing-tokens
 */
export async function signMeetingToken(apiKey: string, token: MeetingToken): Promise<string> {
  const claims = {
    r: token.roomName,
    d: token.domainId,
    ud: token.userId,
    ...(token.userName === undefined ? {} : { u: token.userName }),
    ejt: true,
    ...roleClaims(token.role),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt()
    .setExpirationTime(expiryS(token))
    .sign(new TextEncoder().encode(apiKey));
}

function roleClaims(role: MeetingToken["role"]): Record<string, unknown> {
  if (role.kind === "bot") return { o: true };
  return {
    p: { hp: true, cs: role.video ? "v,a" : "a" },
    ...(role.startVideoOff === undefined ? {} : { vo: role.startVideoOff }),
    ...(role.startAudioOff === undefined ? {} : { ao: role.startAudioOff }),
  };
}

/** The same token as the properties of `POST /meeting-tokens`, which Daily signs. */
export function tokenProperties(token: MeetingToken): Record<string, unknown> {
  return {
    room_name: token.roomName,
    user_id: token.userId,
    ...(token.userName === undefined ? {} : { user_name: token.userName }),
    exp: expiryS(token),
    eject_at_token_exp: true,
    ...roleProperties(token.role),
  };
}

function roleProperties(role: MeetingToken["role"]): Record<string, unknown> {
  if (role.kind === "bot") return { is_owner: true };
  return {
    permissions: { hasPresence: true, canSend: role.video ? ["video", "audio"] : ["audio"] },
    ...(role.startVideoOff === undefined ? {} : { start_video_off: role.startVideoOff }),
    ...(role.startAudioOff === undefined ? {} : { start_audio_off: role.startAudioOff }),
  };
}

/** Of a caller who asked for less, that; never later than the session's end. */
function expiryS({ expiresAt, role }: MeetingToken): number {
  const latest = Math.floor(expiresAt / 1_000);
  return role.kind === "caller" && role.exp !== undefined ? Math.min(role.exp, latest) : latest;
}
