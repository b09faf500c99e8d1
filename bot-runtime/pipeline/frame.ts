import type { EndReason, Usage } from "../../protocol/session.ts";

/**
 * What travels along the pipeline. Audio is s16 mono: 16 kHz from the user, 24 kHz from the model.
 *
 * `generation` numbers the model's answers, counting up from 1. A cancelled answer's late audio is told by it.
 */
export type Frame =
  | UserFrame
  | AnswerFrame
  | SpeakingFrame
  /** A client said `client-ready`. Only the first one of a session has `first`. */
  | { type: "client-ready"; version: string; first: boolean }
  /** An app message as it came from the room; nothing about it is known yet. */
  | { type: "app-message"; data: unknown; fromId: string }
  /** An app message for everybody in the room. */
  | { type: "app-message-out"; data: AppMessage }
  /** Time from `user-stopped-speaking` (or the request for a greeting) to the first audio of the answer. */
  | { type: "first-audio"; processor: string; ttfbMs: number }
  /** Tokens, summed over the session. */
  | { type: "usage"; usage: Usage }
  /** How the user's turns begin and end from now on. */
  | { type: "turn-mode"; mode: TurnMode }
  /** The model is asked to say something of its own accord: `request` is an instruction in the session's language. */
  | { type: "say"; purpose: SayPurpose; request: string }
  /** Whether the model can be talked to. While `away` the user's words are kept as far as they can be. */
  | { type: "assistant-status"; status: AssistantStatus }
  /** For the client alone: an RTVI `server-message`. */
  | { type: "client-notice"; data: ClientNotice }
  /** What a client asks for with a `client-message`. Whoever knows `t` answers before the push of this returns. */
  | { type: "client-request"; id: string; t: string; d: unknown }
  | { type: "client-response"; id: string; t: string; result: ClientResult }
  /** The next answer is for reading: its audio is left out. */
  | { type: "next-answer-silent" }
  | ToolFrame
  /** What was measured of a turn, counted from 1; each figure once. Several frames may tell of one turn. */
  | ({ type: "turn-metrics" } & TurnMetrics)
  /** The session should end, and that is no failure. `graceful`: the bot may finish what it is saying. */
  | { type: "end-requested"; reason: EndReason; graceful?: true }
  /** The session cannot go on. `detail` is for people and holds no secret. */
  | { type: "failed"; reason: EndReason; detail: string };

/** What is known of the user. */
export type UserFrame =
  | { type: "input-audio"; pcm: Int16Array }
  /** No audio has come for a second: the microphone is muted. The next `input-audio` ends the pause. */
  | { type: "input-audio-paused" }
  /** It sounds as if the user began to speak. Early, and wrong more often than `user-started-speaking`. */
  | { type: "user-speech-onset" }
  | { type: "user-started-speaking" }
  | { type: "user-stopped-speaking" }
  /** In mode `manual`: the audio from here on is the user's turn, with what came shortly before in its beginning. */
  | { type: "turn-started" }
  | { type: "turn-ended" }
  /** The user wrote instead of speaking. `respond`: the model answers at once, else it only takes note. */
  | { type: "user-message"; text: string; respond: boolean }
  /** A fragment of what the user says, with its own spaces. `finished`: the utterance ends here. */
  | { type: "user-text"; text: string; finished: boolean }
  /** An utterance as far as it is known; with `final`, the whole. `at` is when it began, in epoch milliseconds. */
  | { type: "user-transcript"; text: string; at: number; final: boolean };

/**
 * `auto`: the model finds the turns in the audio by itself. `manual`: a turn is what lies between `turn-started` and
 * `turn-ended`, and audio outside of it is not sent.
 */
export type TurnMode = "auto" | "manual";

/** Milliseconds, all of them as they are noticed here: a network's delay to the listener comes on top. */
export interface TurnMetrics {
  /** 0: before the user has said anything. */
  turn: number;
  /** From the end of the user's turn to the first of the answer's audio. */
  ttfbMs?: number;
  /** From there to the last of it: what the model has had to do for this turn. */
  processingMs?: number;
  /** From the end of the user's turn to the first sound that was played. */
  responseMs?: number;
  /** From the user's first sound over the bot's voice to its silence. */
  interruptionMs?: number;
  /** Tokens of this turn alone. */
  usage?: Usage;
}

export type SayPurpose = "greeting" | "idle" | "goodbye" | "last-minute" | "recovery";

/**
 * `away`: the connection is being made anew, silently. `cut`: an answer was cut off by that, and will not be finished.
 * `back`: it goes on; `memory` says whether the model still knows the conversation.
 */
export type AssistantStatus =
  | { kind: "away" }
  | { kind: "cut" }
  | { kind: "back"; memory: "kept" | "retold" | "lost" };

/** What our own clients are told beside the standard messages; `t` is its type, as in `client-message`. */
export interface ClientNotice {
  t: string;
  d?: Record<string, unknown>;
}

/** `error` is for people. */
export type ClientResult = { ok: true; d?: Record<string, unknown> } | { ok: false; error: string };

/** A function of ours that the model calls. */
export type ToolFrame =
  | { type: "tool-started"; id: string; name: string; args: Record<string, unknown> }
  | { type: "tool-ended"; id: string; name: string; result: Record<string, unknown> }
  /** By a barge-in, or because the connection that asked is gone. */
  | { type: "tool-cancelled"; id: string; name: string };

/** One answer of the model: `answer-started`, then the others in any number, then `answer-ended`. */
export type AnswerFrame =
  | { type: "answer-started"; generation: number }
  | { type: "answer-audio"; generation: number; pcm: Int16Array }
  /** A fragment of the words of an answer, with its own spaces. May run ahead of the audio. */
  | { type: "answer-text"; generation: number; text: string }
  /** Cancelled: nothing more of it, nor of older ones, may be heard. */
  | { type: "answer-interrupted"; generation: number }
  /** All of its audio was sent; playing it takes longer. */
  | { type: "answer-generated"; generation: number }
  | { type: "answer-ended"; generation: number; interrupted: boolean };

/** What the far end hears of the bot, by the room's own clock. */
export type SpeakingFrame =
  | { type: "bot-started-speaking"; generation: number }
  /** Some more of an answer was heard: `playedMs` of it in all. Several times a second while the bot speaks. */
  | { type: "bot-heard"; generation: number; playedMs: number }
  | { type: "bot-stopped-speaking"; generation: number; playedMs: number; interrupted: boolean };

/** An app message is a JSON object. */
export type AppMessage = Record<string, unknown>;
