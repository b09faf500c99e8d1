import type { FatalErrorType } from "../signalling-messages.ts";
import type { CameraProblem } from "./camera-problem.ts";
import type { LatestStats, NetworkState } from "./network-stats.ts";
import type { DailyParticipant } from "./participants.ts";

/**
 * What daily-js (0.90 to 0.92) and a call machine share: `window._daily`, and messages over `postMessage` on
 * one window. None of it is documented by Daily; a browser test holds it against the real daily-js.
 */

const MESSAGE = "iframe-call-message";

interface DailyInstance {
  tracks?: { audioTrack?: MediaStreamTrack; videoTrack?: MediaStreamTrack };
  /** The folder that the bundle came from, with a slash at the end. */
  publicPath?: string;
  callMachine?: CallMachine;
}

/** One call object's machine, as daily-js and our own listener reach it. */
export interface CallMachine {
  store: { getState(): StoreState };
  /** daily-js calls it in place of loading the bundle again. */
  reset(): void;
  receive(message: IncomingMessage): void;
}

/** Where daily-js looks for tracks, since messages cannot carry them. */
export interface StoreState {
  local: { streams: { cam: { stream: MediaStream } }; public: { customTracks: Record<string, never> } };
  streams: Record<string, RemoteStream>;
  participants: Record<string, object>;
}

export interface RemoteStream {
  participantId: string;
  type: "cam";
  pendingTrack: MediaStreamTrack;
  /** ISO 8601; daily-js takes the newest. */
  starttime: string;
}

declare global {
  interface Window {
    _daily?: { pendings: string[]; instances: Record<string, DailyInstance | undefined> };
    /** What all evaluations of this bundle in one page share. */
    _dailyInABox?: { audio: { context: AudioContext; users: number } | null };
  }
}

export interface IncomingMessage {
  callClientId: string;
  action: string;
  callbackStamp?: string;
  [argument: string]: unknown;
}

/** A message of daily-js to its call machine, or null for anything else that is posted on this window. */
export function readMessage(event: MessageEvent<unknown>): IncomingMessage | null {
  const { data, source } = event;
  if (source !== window || typeof data !== "object" || data === null) return null;
  const message = data as Record<string, unknown>; // an object by the line above
  const { what, from, callClientId, action, callbackStamp } = message;
  if (what !== MESSAGE || from !== "module") return null;
  if (typeof callClientId !== "string" || typeof action !== "string") return null;
  const stamp = typeof callbackStamp === "string" ? { callbackStamp } : {};
  return { ...message, callClientId, action, ...stamp };
}

export type Device = Record<string, unknown>;
export interface Devices {
  camera: Device;
  mic: Device;
  speaker: Device;
}

export type FatalType = FatalErrorType | "connection-error";

/** The events that this machine raises. */
export type DailyEvent =
  | { action: "loaded" }
  | { action: "call-machine-initialized" }
  | { action: "started-camera" }
  | {
      action: "camera-error";
      errorMsg: { errorMsg: string; audioOk: boolean; videoOk: boolean };
      error: CameraProblem;
    }
  | { action: "selected-devices-updated"; devices: Devices }
  | { action: "access-state-updated"; access: { level: "full" } }
  | {
      action: "joined-meeting";
      participants: { local: DailyParticipant };
      internal: { _maxAppMessageSize: number };
    }
  | { action: "meeting-session-summary-updated"; meetingSession: { id: string } }
  | { action: "meeting-session-state-updated"; meetingSessionState: { data: object; topology: "peer" } }
  | {
      action: "network-connection";
      type: "signaling" | "peer-to-peer";
      event: "connected" | "interrupted";
      session_id: string;
    }
  /** daily-js throws without `state` and its `reasons`. */
  | ({
      action: "network-quality-change";
      stats: { latest: LatestStats | Record<string, never> };
    } & NetworkState)
  | { action: "participant-joined" | "participant-updated"; participant: DailyParticipant }
  | { action: "participant-left"; participant: DailyParticipant; reason?: "hidden" }
  | { action: "participant-counts-updated"; participantCounts: { present: number; hidden: number } }
  | { action: "app-message"; data: unknown; fromId: string }
  | { action: "active-speaker-change"; activeSpeaker: { peerId: string } }
  | { action: "local-audio-level"; audioLevel: number }
  | { action: "remote-participants-audio-level"; participantsAudioLevel: Record<string, number> }
  | { action: "nonfatal-error"; type: string; errorMsg: string }
  | { action: "receive-settings-updated"; receiveSettings: object }
  | { action: "send-settings-updated"; sendSettings: object }
  | { action: "input-settings-updated"; inputSettings: object }
  /** `details` is JSON, which daily-js parses. */
  | { action: "error"; errorMsg: string; error: { type: FatalType; msg: string; details?: string } }
  | { action: "left-meeting" };

export type Post = (event: DailyEvent) => void;
/** Answers the one call that it was made for. daily-js rejects its promise when there is an `error`. */
export type Reply = (answer: Record<string, unknown>) => void;

function postToDailyJs(callClientId: string, message: object): void {
  // The origin of a file: page is opaque; "null" as a target would never match.
  const target = location.protocol === "file:" ? "*" : location.origin;
  window.postMessage({ ...message, what: MESSAGE, from: "embedded", callClientId }, target);
}

export function eventPoster(callClientId: string): Post {
  return (event) => postToDailyJs(callClientId, event);
}

/** daily-js takes a reply for an event too, by its action: hence a name that no event has. */
export function replier({ callClientId, callbackStamp }: IncomingMessage): Reply {
  return (answer) => {
    if (callbackStamp === undefined) return;
    postToDailyJs(callClientId, { ...answer, action: "call-machine-reply", callbackStamp });
  };
}
