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
  /** The session should end, and that is no failure. */
  | { type: "end-requested"; reason: EndReason }
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
  /** A fragment of what the user says, with its own spaces. `finished`: the utterance ends here. */
  | { type: "user-text"; text: string; finished: boolean }
  /** An utterance as far as it is known; with `final`, the whole. `at` is when it began, in epoch milliseconds. */
  | { type: "user-transcript"; text: string; at: number; final: boolean };

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
  | { type: "bot-stopped-speaking"; generation: number; playedMs: number; interrupted: boolean };

/** An app message is a JSON object. */
export type AppMessage = Record<string, unknown>;
