import { REASONS } from "./explain.ts";
import { isOpen, OPEN_MICROPHONE, type Talk } from "./push-to-talk.ts";
import type { CallState, Outcome, State } from "./state.ts";

/** The state in one word, for `data-state` on the page's main element. */
export type StateWord =
  | "loading"
  | "unavailable"
  | "idle"
  | "starting"
  | "connecting"
  | "ready"
  | "listening"
  | "speaking"
  | "ended";

export function stateWord(state: State): StateWord {
  return state.phase === "open" ? callWord(state.call) : state.phase;
}

function callWord(call: CallState): StateWord {
  if (call.phase !== "live") return call.phase;
  switch (call.speaker) {
    case "nobody-yet":
      return "ready";
    case "nobody":
    case "user":
      return "listening";
    case "assistant":
    case "both":
      return "speaking";
  }
}

const STATE_LINES: Record<StateWord, string> = {
  loading: "Loading…",
  unavailable: "Not available",
  idle: "Not connected",
  starting: "Starting a session…",
  connecting: "Connecting to the assistant…",
  ready: "Connected: say something",
  listening: "Listening",
  speaking: "The assistant is speaking",
  ended: "The call has ended",
};

/** The state in one line, announced to screen readers when it changes, unless it `isHeard`. */
export function stateLine(state: State, talk: Talk = OPEN_MICROPHONE): string {
  const word = stateWord(state);
  if (!isOpen(talk) && (word === "ready" || word === "listening")) return "Connected: hold to talk";
  if (state.phase === "open" && state.call.phase === "starting" && state.call.step === "microphone") {
    return "Waiting for your microphone: your browser may ask for permission";
  }
  return STATE_LINES[word];
}

/**
 * Whether the ear tells the state too. Read out at every turn, it would be one more voice over the assistant's, which
 * an open microphone takes for the caller's.
 */
export function isHeard(state: State): boolean {
  const word = stateWord(state);
  return word === "listening" || word === "speaking";
}

/** What became of a session, in one line. */
export function outcomeLine(outcome: Outcome): string {
  switch (outcome.kind) {
    case "asking":
      return "asking the service what became of it…";
    case "unknown":
      return "the service could not say what became of it";
    case "known": {
      const reason = outcome.reason === undefined ? "" : `: ${REASONS[outcome.reason]} (${outcome.reason})`;
      const lasted = outcome.durationMs === undefined ? "" : `, after ${duration(outcome.durationMs)}`;
      return `${outcome.state}${reason}${lasted}`;
    }
  }
}

/** `7 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** `40 ms`, `1.25 s`, `3 min 05 s`: as exact as is worth reading. */
export function shortMs(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return ms < 59_500 ? `${Number((ms / 1000).toFixed(ms < 10_000 ? 2 : 1))} s` : duration(ms);
}

/**
 * An audio level of Daily (0 to 1, linear, speech mostly below 0.3) as the height of a meter, 0 to 1: the root
 * spreads soft speech over the lower half, where it can be seen.
 */
export function meterValue(level: number): number {
  return Number.isFinite(level) ? Math.sqrt(Math.min(1, Math.max(0, level))) : 0;
}
