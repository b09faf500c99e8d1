import { mayReceive, maySend } from "../core/participant-permissions.ts";
import type { InitialPermissions } from "../core/permissions.ts";
import type { Media, MediaKind, MediaState, Participant } from "../signalling-messages.ts";
import { blockedBy, type CameraProblem } from "./camera-problem.ts";

type TrackState =
  | { state: "blocked"; blocked: object; subscribed: true }
  | { state: "off"; off: object; subscribed: true }
  | { state: "loading" | "interrupted" | "playable"; subscribed: true };

/** A participant as daily-js shows it to the app. */
export interface DailyParticipant {
  session_id: string;
  user_id: string;
  user_name: string;
  userData: unknown;
  local: boolean;
  owner: boolean;
  record: false;
  joined_at: Date | undefined;
  will_eject_at: Date;
  permissions: {
    hasPresence: boolean;
    canSend: boolean | Set<string>;
    canReceive: object;
    canAdmin: boolean | Set<string>;
  };
  audio: boolean;
  video: boolean;
  screen: false;
  tracks: Record<keyof Media | "screenAudio" | "screenVideo", TrackState>;
}

/** How a participant's media reach us. Our own need no way. */
export type Link = "self" | "connecting" | "connected" | "interrupted";

interface View {
  link: Link;
  /** Why our own microphone or camera is blocked. */
  problems?: Partial<Record<MediaKind, CameraProblem>>;
  /** Whose view it is, when that one may not receive everything. */
  you?: Participant;
}

/**
 * A participant as daily-js shows it. Tracks are not in it: daily-js takes them from the store. A time of ejection
 * that is not set is 1970, as with Daily (docs.daily.co, "DailyParticipant").
 */
export function toDaily(participant: Participant, { link, problems = {}, you }: View): DailyParticipant {
  const { permissions, willEjectAt } = participant;
  const track = (kind: MediaKind): TrackState => {
    if (!maySend(permissions, kind)) return off("byCanSendPermission");
    if (you && !mayReceive(you.permissions, { from: participant, kind }))
      return off("byCanReceivePermission");
    return trackState(participant.media[kind], link, problems[kind]);
  };
  const [audio, video] = [track("audio"), track("video")];
  return {
    session_id: participant.sessionId,
    user_id: participant.userId,
    user_name: participant.userName,
    userData: participant.userData,
    local: link === "self",
    owner: participant.owner,
    record: false,
    joined_at: participant.joinedAt === "" ? undefined : new Date(participant.joinedAt),
    will_eject_at: new Date(willEjectAt ?? 0),
    permissions: shown(permissions),
    audio: audio.state === "playable",
    video: video.state === "playable",
    screen: false,
    tracks: { audio, video, screenAudio: off("byUser"), screenVideo: off("byUser") },
  };
}

/** Before a join there is a local participant too, with an id that daily-js needs and nobody else sees. */
export function participantBeforeJoin(sessionId: string, media: Media): Participant {
  return {
    sessionId,
    userId: "",
    userName: "",
    owner: false,
    joinedAt: "",
    permissions: { hasPresence: true, canSend: true, canReceive: { base: true }, canAdmin: false },
    media,
  };
}

function shown({ hasPresence, canSend, canReceive, canAdmin }: InitialPermissions) {
  return {
    hasPresence,
    canSend: typeof canSend === "boolean" ? canSend : new Set(canSend),
    canReceive,
    canAdmin: typeof canAdmin === "boolean" ? canAdmin : new Set(canAdmin),
  };
}

type OffReason = "byUser" | "byRemoteRequest" | "byCanSendPermission" | "byCanReceivePermission";

/**
 * A new object each time: daily-js writes tracks into them, and a message keeps it if two places of it share one
 * object, so that the last of the four would decide for all.
 */
function off(reason: OffReason): TrackState {
  return { state: "off", off: { [reason]: true }, subscribed: true };
}

function trackState(media: MediaState, link: Link, problem: CameraProblem | undefined): TrackState {
  switch (media) {
    case "off":
      return off("byUser");
    case "off-by-request":
      return off("byRemoteRequest");
    case "blocked":
      return { state: "blocked", blocked: blockedBy(problem), subscribed: true };
    case "on":
      return { state: STATE_BY_LINK[link], subscribed: true };
  }
}

const STATE_BY_LINK = {
  self: "playable",
  connected: "playable",
  connecting: "loading",
  interrupted: "interrupted",
} as const;
