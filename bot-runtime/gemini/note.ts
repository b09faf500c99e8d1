import type { FinalReason } from "./judge-close.ts";
import type { LiveEnd } from "./live-connect.ts";
import type { MuteEvidence } from "./turn-state.ts";

/** What is done against a model that is mute. */
export type MuteStep = "nudge" | "resume" | "fresh" | "tell-client";

/** Why a session cannot go on. */
export type GiveUpReason = FinalReason | "unreachable" | "unstable";

/** What happens to a session that no frame tells. Words of a conversation, keys and handles are in none. */
export type GeminiNote =
  /** `awayMs`: how long there was no connection; of the first one, since the start. */
  | { kind: "connected"; how: "first" | "resumed" | "fresh"; connectMs: number; awayMs: number }
  | { kind: "connect-failed"; why: string; detail: string }
  | { kind: "ended"; end: LiveEnd; why: string }
  /** The other side has given no sign of life for so long. */
  | { kind: "dead"; silentMs: number }
  | { kind: "handle-dropped"; why: string }
  | { kind: "rotated"; why: RotationReason; forced: boolean; ageMs: number }
  | { kind: "go-away"; timeLeftMs: number | undefined }
  /** An answer was cut off by the loss of its connection. */
  | { kind: "cut" }
  | { kind: "mute"; evidence: MuteEvidence; step: MuteStep }
  /** After so many steps against a mute model, it could be heard again. */
  | { kind: "audible-again"; steps: number }
  /** Told once more after a loss, since nobody knows whether it had arrived. `sentAgoMs`: how long before the loss. */
  | { kind: "told-again"; what: "text" | "tool-result"; id: string; sentAgoMs: number }
  /** A tool's result went to another session than the one that asked, in words. */
  | { kind: "told-in-words"; id: string }
  /** Never told: too much waits to be. */
  | { kind: "untold"; what: "text" | "tool-result"; id: string }
  /** The user's audio that was heard a second time, or for the first time late, after a loss. */
  | { kind: "audio-replayed"; chunks: number }
  | { kind: "retold"; entries: number; whole: boolean }
  | { kind: "gave-up"; why: GiveUpReason }
  | { kind: "malformed"; detail: string }
  | { kind: "unusable"; detail: string }
  /** One of ours threw when it was told something. `detail`: where, and none of its words. */
  | { kind: "listener-failed"; listener: string; detail: string }
  | {
      kind: "tool";
      name: string;
      outcome: "answered" | "failed" | "unknown" | "timeout" | "cancelled";
      ms: number;
    }
  /** How many chunks of the user's voice Gemini was not sent, over the whole session. */
  | { kind: "audio-left-out"; chunks: number };

export type RotationReason = "go-away" | "limit" | "turn-mode";
