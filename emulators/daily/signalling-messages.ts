import { z } from "zod";
import { type InitialPermissions, Permissions } from "./core/permissions.ts";
import {
  jsonLength,
  MAX_APP_MESSAGE_CHARS,
  MAX_NAME_CHARS,
  MAX_SESSION_DATA_CHARS,
  MAX_USER_DATA_CHARS,
} from "./signalling-limits.ts";

/**
 * What the call machine and the emulator say to each other over `/signalling`. Daily's own protocol is not
 * public; this one is ours and only ours speak it. A connection lives through hello → welcome → join → joined,
 * and one that takes over from a broken one through resume → resumed.
 * The call machine imports nothing but types from here, which keeps zod out of its bundle.
 */

/** An SDP with one audio and one video section is about 6,000 characters. */
const MAX_SDP_CHARS = 65_536;
const MAX_CANDIDATE_CHARS = 4096;
/** Tokens of ours have about 400 characters. */
const MAX_TOKEN_CHARS = 8192;
/** Recipients of one app message; as many as Daily lets into a room by default. */
const MAX_RECIPIENTS = 200;

const id = z.string().min(1).max(64);
/** How many messages of the other end have been heard on this seat, of those that are repeated after a break. */
const heard = z.int().nonnegative();

const jsonOfAtMost = (chars: number) =>
  z.unknown().refine((value) => jsonLength(value) <= chars, {
    message: `must be at most ${chars} characters of JSON`,
  });

/** `blocked`: wanted, but the device cannot be had. `off-by-request`: somebody who may has switched it off. */
const MediaState = z.enum(["on", "off", "off-by-request", "blocked"]);
export type MediaState = z.infer<typeof MediaState>;

const MediaKind = z.enum(["audio", "video"]);
export type MediaKind = z.infer<typeof MediaKind>;

const Media = z.strictObject({ audio: MediaState, video: MediaState });
export type Media = z.infer<typeof Media>;

/** One step of the WebRTC negotiation between two participants. */
const PeerSignal = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("description"),
    type: z.enum(["offer", "answer"]),
    sdp: z.string().max(MAX_SDP_CHARS),
  }),
  z.strictObject({
    kind: z.literal("candidate"),
    candidate: z.string().max(MAX_CANDIDATE_CHARS),
    sdpMid: z.string().max(64).nullable(),
    sdpMLineIndex: z.int().nonnegative().nullable(),
  }),
]);
export type PeerSignal = z.infer<typeof PeerSignal>;

const MergeStrategy = z.enum(["replace", "shallow-merge"]);
export type MergeStrategy = z.infer<typeof MergeStrategy>;

export const ClientMessage = z.discriminatedUnion("type", [
  /** Always first: may this token enter this room? */
  z.strictObject({
    type: z.literal("hello"),
    room: z.string().max(MAX_NAME_CHARS),
    token: z.string().max(MAX_TOKEN_CHARS).optional(),
  }),
  z.strictObject({
    type: z.literal("join"),
    userName: z.string().max(MAX_NAME_CHARS).optional(),
    userData: jsonOfAtMost(MAX_USER_DATA_CHARS).optional(),
    media: Media,
  }),
  /** First on a new socket, after the old one broke: the seat that `joined` gave the key of. */
  z.strictObject({ type: z.literal("resume"), key: z.uuid(), heard }),
  /** Goes for good, at any time, also before the answer to a join. A socket that closes without it is broken. */
  z.strictObject({ type: z.literal("leave") }),
  z.strictObject({ type: z.literal("media"), media: Media }),
  z.strictObject({ type: z.literal("user-name"), userName: z.string().max(MAX_NAME_CHARS) }),
  /** Without data: there are none any more. */
  z.strictObject({ type: z.literal("user-data"), userData: jsonOfAtMost(MAX_USER_DATA_CHARS).optional() }),
  /** `to` is a session id, several, or `*` for everybody else. */
  z.strictObject({
    type: z.literal("app-message"),
    to: z.union([id, z.array(id).max(MAX_RECIPIENTS)]),
    data: jsonOfAtMost(MAX_APP_MESSAGE_CHARS),
  }),
  z.strictObject({
    type: z.literal("session-data"),
    data: jsonOfAtMost(MAX_SESSION_DATA_CHARS).pipe(z.record(z.string(), z.unknown())),
    mergeStrategy: MergeStrategy,
  }),
  z.strictObject({ type: z.literal("peer-signal"), to: id, signal: PeerSignal }),
  /** These three are for those who may administer participants. */
  z.strictObject({ type: z.literal("eject"), id }),
  z.strictObject({ type: z.literal("set-media"), id, kind: MediaKind, on: z.boolean() }),
  z.strictObject({ type: z.literal("set-permissions"), id, permissions: Permissions }),
  z.strictObject({ type: z.literal("pong"), heard }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** The types of Daily's fatal errors that this emulator raises. `connection-error` is the call machine's own. */
export type FatalErrorType =
  | "ejected"
  | "end-of-life"
  | "exp-room"
  | "exp-token"
  | "meeting-full"
  | "nbf-room"
  | "nbf-token"
  | "no-room"
  | "not-allowed";

export interface FatalError {
  type: FatalErrorType;
  msg: string;
}

/** A participant as it travels; times are ISO 8601 in UTC. */
export interface Participant {
  sessionId: string;
  userId: string;
  userName: string;
  userData?: unknown;
  owner: boolean;
  joinedAt: string;
  willEjectAt?: string;
  permissions: InitialPermissions;
  media: Media;
}

/** What the answer to `hello` tells of the room: `daily.room()` shows it, and the defaults steer the media. */
export interface RoomInfo {
  id: string;
  name: string;
  config: Record<string, unknown>;
  domainConfig: { max_app_message_size: number };
  tokenConfig: { is_owner: boolean; exp?: number; nbf?: number; user_name?: string };
  startAudioOff: boolean;
  startVideoOff: boolean;
  /** What its holder may do when they join. */
  permissions: InitialPermissions;
}

export type ServerMessage =
  | { type: "welcome"; room: RoomInfo }
  | {
      type: "joined";
      you: Participant;
      others: Participant[];
      meetingSessionId: string;
      maxAppMessageChars: number;
      sessionData: Record<string, unknown>;
      /** A broken socket may be replaced with this key, within so long. */
      resume: { key: string; withinMs: number };
    }
  /** What was missed follows, except for app messages. */
  | { type: "resumed"; ok: true; heard: number }
  /** The seat is no longer kept. */
  | { type: "resumed"; ok: false }
  | { type: "participant-joined"; participant: Participant }
  | { type: "participant-updated"; participant: Participant }
  | { type: "participant-left"; id: string }
  /** Your own permissions, or what they make of your media, were changed by another. */
  | { type: "you-updated"; you: Participant }
  /** Somebody who may do so asks for your microphone or camera to go on or off. */
  | { type: "media-requested"; kind: MediaKind; on: boolean }
  | { type: "session-data"; data: Record<string, unknown> }
  | { type: "app-message"; from: string; data: unknown }
  | { type: "peer-signal"; from: string; signal: PeerSignal }
  /** What was asked would have made too much of them. */
  | { type: "session-data-too-large" }
  /** Something was asked that this participant may not do. */
  | { type: "denied"; what: string }
  /** The last message of a connection: the hello or join was refused, or the call is over for this one. */
  | { type: "fatal"; error: FatalError }
  | { type: "ping"; heard: number };
