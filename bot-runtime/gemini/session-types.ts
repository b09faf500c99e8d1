import type { Loss } from "./judge-close.ts";
import type { SessionLimits } from "./limits.ts";
import type { ModelRules } from "./model-rules.ts";
import type { GeminiNote, GiveUpReason, RotationReason } from "./note.ts";
import type { RuleName } from "./rules.ts";
import type { TurnEvent, TurnState } from "./turn-state.ts";

/** The words of `session-state.ts`: what a guarded session is, what happens to it, and what it does about that. */

export interface Handle {
  /** A credential. */
  value: string;
  at: number;
}

export interface SessionState {
  phase: Phase;
  turn: TurnState;
  handle: Handle | undefined;
  /** Quick failures in a row, and refusals for the quota. */
  failures: number;
  quotaRefusals: number;
  /** Since when nobody can be talked to. */
  awaySince: number;
  /** There has been a connection before. */
  wasLive: boolean;
  /** What the next connection is asked first. */
  ask: Ask | undefined;
  /** Steps against a mute model since it was last heard. */
  strikes: number;
}

/** `go-on`: with the answer that was cut off. `answer`: what the user said last. */
export type Ask = "go-on" | "answer";

export type Phase =
  | { kind: "new" }
  /** `handleAt`: when the handle was given with which it resumes. A newer one may come before it is live. */
  | {
      kind: "connecting";
      since: number;
      handleAt: number | undefined;
      /** Its end may be announced before it is live. */
      rotation: Rotation | undefined;
    }
  | {
      kind: "live";
      since: number;
      /** When anything came last, and when we asked for a sign of life after that. */
      heardAt: number;
      pingedAt: number | undefined;
      rotation: Rotation | undefined;
    }
  /** Our goodbye is on its way to the old connection. `fresh`: nothing of it is to be carried on. */
  | { kind: "retiring"; until: number; fresh: boolean }
  | { kind: "waiting"; until: number }
  | { kind: "over" };

/** A connection that is to be renewed: between two turns, and at `latest` anyhow. */
export interface Rotation {
  why: RotationReason;
  latest: number;
}

export type SessionEvent =
  | TurnEvent
  | { kind: "start"; handle?: Handle }
  | { kind: "connected" }
  | { kind: "lost"; loss: Loss }
  /** The old connection has heard our goodbye. */
  | { kind: "retired" }
  /** Anything came. */
  | { kind: "alive" }
  | { kind: "handle"; handle: string }
  | { kind: "go-away"; timeLeftMs: number | undefined }
  /** The user's turns are taken in another way from now on. */
  | { kind: "turn-mode" }
  | { kind: "tick" }
  | { kind: "stop" };

export type Effect =
  | { kind: "connect"; handle: string | undefined }
  /** Goodbye to the connection, politely; or at once. */
  | { kind: "retire" }
  | { kind: "drop" }
  | { kind: "ping" }
  /** The answer under way is over; `cut`: and not whole. */
  | { kind: "end-answer"; cut: boolean }
  /** Nobody can be talked to. `userSpeaking`: in the middle of a turn of the user. */
  | { kind: "away"; userSpeaking: boolean }
  /** Tell the new connection what it does not know: all of the conversation, or what came after `since`. */
  | {
      kind: "brief";
      since: number | undefined;
      ask: Ask | undefined;
      first: boolean;
      awayMs: number;
      connectMs: number;
    }
  | { kind: "nudge" }
  | { kind: "tell-client" }
  /** A newer handle, for whoever carries this session on elsewhere. */
  | { kind: "handle"; handle: string }
  | { kind: "note"; note: GeminiNote }
  | { kind: "fail"; why: GiveUpReason };

export interface SessionContext {
  now: number;
  limits: SessionLimits;
  model: ModelRules;
  /** From 0 up to 1. */
  chance: number;
  /** Rules that are not followed, for tests of the tests. */
  off: ReadonlySet<RuleName>;
}

export interface Step {
  state: SessionState;
  effects: Effect[];
}
