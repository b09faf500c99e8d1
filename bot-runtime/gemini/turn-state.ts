/**
 * Who speaks, who is owed an answer, and whether one comes. Pure. What is looked for is evidence of a model that has
 * gone mute, which no message tells.
 */
import type { RuleName } from "./rules.ts";

export type MuteEvidence =
  /** Nothing came for too long. */
  | "no-answer"
  /** The turn ended, and there was no sound in it. */
  | "empty-turn"
  /** There was sound, and nothing could be heard of it. */
  | "silent-turn"
  /** The model refused to answer, not for the first time. */
  | "refused-turns";

export type ModelTurn =
  | { kind: "idle" }
  | {
      kind: "answering";
      /** Whether anything of it could be heard. */
      audible: boolean;
      /** Whether there was any sound at all. */
      sound: boolean;
      /** All of it has come, and plays. */
      generated: boolean;
      /** It called functions: an answer of its own kind. */
      called: boolean;
      interrupted: boolean;
    };

export interface TurnState {
  user: "quiet" | "speaking";
  model: ModelTurn;
  /** Since when an answer is owed. Not `sure`: something short was heard, which may have been a cough. */
  owed: { since: number; sure: boolean } | undefined;
  /** Functions that the present connection waits for, and those whose results are for its successor. */
  tools: number;
  orphans: number;
  /** When the model said last that it was interrupted. */
  interruptedAt: number | undefined;
  /** Turns that the model refused, in a row. */
  refused: number;
  /** Since when nobody has been speaking, nor is about to. */
  quietSince: number;
}

export type TurnEvent =
  | { kind: "user-started" }
  /** `sure`: it was speech beyond doubt. */
  | { kind: "user-stopped"; sure: boolean }
  /** Words of the user were recognised. */
  | { kind: "user-words" }
  /** An answer was asked for by text. */
  | { kind: "asked" }
  | { kind: "answer-sound"; audible: boolean }
  | { kind: "answer-words" }
  | { kind: "generated" }
  | { kind: "interrupted" }
  | { kind: "turn-complete"; refused: boolean }
  | { kind: "tools-called"; count: number }
  /** Their results were sent, or they were cancelled. */
  | { kind: "tools-settled"; count: number }
  | { kind: "orphans-settled"; count: number };

export interface TurnContext {
  now: number;
  /** Rules that are not followed. */
  off: ReadonlySet<RuleName>;
  /** The model is known to be mute: something was done against it already. */
  struck?: boolean;
}

export interface TurnRead {
  turn: TurnState;
  evidence?: MuteEvidence;
  /** The assistant could be heard. */
  heard?: true;
}

const ANSWERING = {
  kind: "answering",
  audible: false,
  sound: false,
  generated: false,
  called: false,
  interrupted: false,
} as const satisfies ModelTurn;

/** What was heard only briefly counts as speech when words of it come within this time. */
const UNSURE_MS = 5_000;
/** The end of a turn that was interrupted follows at once. What comes later is another turn. */
const INTERRUPTED_MS = 1_000;
/** An answer may play so long, and what was said into it wait: a word of ours would cut it off. */
const PLAYING_MS = 60_000;

export function firstTurn(now: number): TurnState {
  return {
    user: "quiet",
    model: { kind: "idle" },
    owed: undefined,
    tools: 0,
    orphans: 0,
    interruptedAt: undefined,
    refused: 0,
    quietSince: now,
  };
}

export function nextTurn(
  turn: TurnState,
  event: TurnEvent,
  { now, off, struck = false }: TurnContext,
): TurnRead {
  const answering = isUnderWay(turn, now) ? turn.model : ANSWERING;
  switch (event.kind) {
    case "user-started":
      return { turn: { ...turn, user: "speaking" } };
    case "user-stopped": {
      const owed = event.sure || !turn.owed?.sure ? { since: now, sure: event.sure } : turn.owed;
      return { turn: { ...turn, user: "quiet", owed, quietSince: now } };
    }
    case "user-words": {
      const { owed, model } = turn;
      if (!owed || owed.sure || model.kind !== "idle" || now - owed.since > UNSURE_MS) return { turn };
      return { turn: { ...turn, owed: { ...owed, sure: true } } };
    }
    case "asked":
      return { turn: { ...turn, owed: { since: now, sure: true } } };
    case "answer-sound": {
      const audible = event.audible || off.has("notice-silent-turn");
      const model = { ...answering, sound: true, audible: answering.audible || audible };
      if (!audible) return { turn: { ...turn, model } };
      return { turn: { ...turn, model, owed: undefined, refused: 0 }, heard: true };
    }
    case "answer-words":
      return { turn: { ...turn, model: answering } };
    case "generated":
      return { turn: { ...turn, model: { ...answering, generated: true } } };
    case "interrupted": {
      const { model } = turn;
      const cut = model.kind === "idle" ? model : { ...model, interrupted: true };
      return { turn: { ...turn, model: cut, interruptedAt: now } };
    }
    case "turn-complete":
      return completed(turn, answering, { refused: event.refused, now, off, struck });
    case "tools-called":
      return { turn: { ...turn, model: { ...answering, called: true }, tools: turn.tools + event.count } };
    case "tools-settled":
      return { turn: afterTools({ ...turn, tools: Math.max(0, turn.tools - event.count) }, now) };
    case "orphans-settled":
      return { turn: afterTools({ ...turn, orphans: Math.max(0, turn.orphans - event.count) }, now) };
  }
}

/** The connection is gone, and with it what was under way there. */
export function cutOff(turn: TurnState): TurnState {
  return { ...turn, model: { kind: "idle" }, tools: 0, orphans: turn.orphans + turn.tools };
}

/** Whether nobody is speaking or about to. */
export function isBetweenTurns({ user, model, owed }: TurnState): boolean {
  return user === "quiet" && model.kind === "idle" && !owed?.sure;
}

/** When an answer that is owed has been away for too long; epoch milliseconds. */
export function missedAt(turn: TurnState, answerMs: number): number | undefined {
  const { user, owed, tools, orphans, model } = turn;
  if (!owed?.sure || user === "speaking" || tools + orphans > 0) return undefined;
  const plays = model.kind === "answering" && model.audible && !model.interrupted;
  return owed.since + (plays ? Math.max(PLAYING_MS, answerMs) : answerMs);
}

/** Whether what comes now belongs to the answer that was begun; one that was interrupted ends soon, told or not. */
function isUnderWay(
  turn: TurnState,
  now: number,
): turn is TurnState & { model: Extract<ModelTurn, { kind: "answering" }> } {
  const { model, interruptedAt = now } = turn;
  return model.kind === "answering" && !(model.interrupted && now - interruptedAt >= INTERRUPTED_MS);
}

function completed(
  turn: TurnState,
  answer: Extract<ModelTurn, { kind: "answering" }>,
  { refused, now, off, struck = false }: TurnContext & { refused: boolean },
): TurnRead {
  const over: TurnState = { ...turn, model: { kind: "idle" }, interruptedAt: undefined, quietSince: now };
  // What was cut off need not have been heard, and who calls a function is not mute.
  const { interruptedAt, user } = turn;
  const wasCut = answer.interrupted || (interruptedAt !== undefined && now - interruptedAt < INTERRUPTED_MS);
  if (wasCut || answer.called || user === "speaking") return { turn: over };
  // What was said into it is owed from here on.
  if (answer.audible) return { turn: { ...over, owed: turn.owed && { ...turn.owed, since: now } } };
  if (refused) {
    const rejected: TurnState = { ...over, refused: turn.refused + 1, owed: undefined };
    const isAnAnswer = rejected.refused < 2 && !struck;
    if (isAnAnswer || off.has("notice-refused-turns")) return { turn: rejected };
    return { turn: { ...rejected, owed: { since: now, sure: true } }, evidence: "refused-turns" };
  }
  if (!turn.owed) return { turn: over };
  // To the model the turn is over: nothing more will come of it.
  if (!answer.sound && off.has("notice-empty-turn")) return { turn: { ...over, owed: undefined } };
  return {
    turn: { ...over, owed: { since: now, sure: true } },
    evidence: answer.sound ? "silent-turn" : "empty-turn",
  };
}

/** Their results are worth an answer. */
function afterTools(turn: TurnState, now: number): TurnState {
  if (turn.tools + turn.orphans > 0) return turn;
  return { ...turn, owed: { since: now, sure: true } };
}
