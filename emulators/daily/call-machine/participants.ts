import type { Media, MediaState, Participant } from "../signalling-messages.ts";
import { blockedBy, type CameraProblem, type Kind } from "./camera-problem.ts";

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
  will_eject_at: Date | undefined;
  permissions: { hasPresence: true; canSend: boolean | Set<string>; canReceive: object; canAdmin: boolean };
  audio: boolean;
  video: boolean;
  screen: false;
  tracks: Record<keyof Media | "screenAudio" | "screenVideo", TrackState>;
}

/** How a participant's media reach us. Our own need no way. */
export type Link = "self" | "connecting" | "connected" | "interrupted";

type Problems = Partial<Record<Kind, CameraProblem>>;

/**
 * A new object each time: daily-js writes tracks into them, and a message keeps it if two places of it share one
 * object, so that the last of the four would decide for all.
 */
const off = () => ({ state: "off", off: { byUser: true }, subscribed: true }) as const;

/** A participant as daily-js shows it. Tracks are not in it: daily-js takes them from the store. */
export function toDaily(participant: Participant, link: Link, problems: Problems = {}): DailyParticipant {
  const { canSend, media } = participant;
  const audio = trackState(media.audio, link, problems.audio);
  const video = trackState(media.video, link, problems.video);
  return {
    session_id: participant.sessionId,
    user_id: participant.userId,
    user_name: participant.userName,
    userData: participant.userData,
    local: link === "self",
    owner: participant.owner,
    record: false,
    joined_at: participant.joinedAt === "" ? undefined : new Date(participant.joinedAt),
    will_eject_at: participant.willEjectAt === undefined ? undefined : new Date(participant.willEjectAt),
    permissions: {
      hasPresence: true,
      canSend: typeof canSend === "boolean" ? canSend : new Set(canSend),
      canReceive: { base: true },
      canAdmin: participant.owner,
    },
    audio: audio.state === "playable",
    video: video.state === "playable",
    screen: false,
    tracks: { audio, video, screenAudio: off(), screenVideo: off() },
  };
}

function trackState(
  media: MediaState,
  link: Link,
  problem: CameraProblem | undefined,
): DailyParticipant["tracks"]["audio"] {
  if (media === "off") return off();
  if (media === "blocked") return { state: "blocked", blocked: blockedBy(problem), subscribed: true };
  switch (link) {
    case "self":
    case "connected":
      return { state: "playable", subscribed: true };
    case "connecting":
      return { state: "loading", subscribed: true };
    case "interrupted":
      return { state: "interrupted", subscribed: true };
  }
}
