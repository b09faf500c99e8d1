/**
 * How long the user waited for each answer: from the end of their speech to the first sound of the answer, both as
 * they are announced to this page. The bot announces the end of speech after the pause by which it knows it.
 */
export interface Turns {
  readonly done: readonly Turn[];
  readonly nextNumber: number;
  /** The user has spoken, and no answer has come yet. */
  readonly waiting?: { readonly sinceMs: number; readonly ttfbMs?: number };
}

export interface Turn {
  readonly number: number;
  readonly latencyMs: number;
  /** What the bot measured of it: until Gemini's first sound, as its `metrics` say. */
  readonly ttfbMs?: number;
}

export type TurnEvent =
  | { type: "user-started-speaking" }
  | { type: "user-stopped-speaking" }
  | { type: "bot-started-speaking" }
  | { type: "bot-ttfb"; ms: number };

/** As many as can be told apart in a plot of a phone's width. */
export const MAX_TURNS = 30;

export const NO_TURNS: Turns = { done: [], nextNumber: 1 };

/** @param atMs of a clock that does not jump. */
export function nextTurns(turns: Turns, event: TurnEvent, atMs: number): Turns {
  switch (event.type) {
    case "user-started-speaking":
      return turns.waiting ? { ...turns, waiting: undefined } : turns;
    case "user-stopped-speaking":
      return { ...turns, waiting: { sinceMs: atMs } };
    case "bot-started-speaking":
      return turns.waiting ? endTurn(turns, turns.waiting, atMs) : turns;
    case "bot-ttfb":
      return addTtfb(turns, event.ms);
  }
}

function endTurn(turns: Turns, waiting: NonNullable<Turns["waiting"]>, atMs: number): Turns {
  const { sinceMs, ...measured } = waiting;
  const turn: Turn = { number: turns.nextNumber, latencyMs: Math.max(0, atMs - sinceMs), ...measured };
  return { done: [...turns.done, turn].slice(-MAX_TURNS), nextNumber: turns.nextNumber + 1 };
}

/** Belongs to the answer that is awaited; else it was overtaken by the sound that it measures. */
function addTtfb(turns: Turns, ttfbMs: number): Turns {
  if (turns.waiting) return { ...turns, waiting: { ...turns.waiting, ttfbMs } };
  const last = turns.done.at(-1);
  if (!last || last.ttfbMs !== undefined) return turns;
  return { ...turns, done: turns.done.with(-1, { ...last, ttfbMs }) };
}

/** Of the kept turns, in milliseconds; of an even number the mean of the two in the middle. */
export function medianLatencyMs({ done }: Turns): number | undefined {
  const sorted = done.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}
