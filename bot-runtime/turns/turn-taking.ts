import type { TurnMode } from "../pipeline/frame.ts";

/**
 * Who finds the user's turns. `gemini`: the model, in all the audio. `local`: our detector of speech. `push-to-talk`:
 * the user, with a button.
 */
export type TurnStyle = "gemini" | "local" | "push-to-talk";

/** `tail`: the button was let go, and the end of the last word may still be on its way. */
export type TurnTaking =
  | { style: "gemini" }
  | { style: "local"; turn: "none" | "open" }
  | { style: "push-to-talk"; turn: "none" | "held" | "tail" };

export type TurnEvent =
  | { kind: "style"; style: TurnStyle }
  | { kind: "speech-started" }
  | { kind: "speech-stopped" }
  | { kind: "pressed" }
  | { kind: "released" }
  | { kind: "tail-over" }
  /** No more audio comes: the microphone is off, or the client has left. */
  | { kind: "muted" };

export type TurnEffect =
  | { kind: "mode"; mode: TurnMode }
  /** A turn begins, with the newest of what was heard before. `interrupt`: whoever speaks falls silent at once. */
  | { kind: "start"; preRollMs: number; interrupt: boolean }
  | { kind: "end" };

/** Speech is told at most 320 ms after its onset, and the first sound of a word is the quietest. */
const LOCAL_PRE_ROLL_MS = 500;
/** Of a press, the message takes about as long as the audio; but people begin to speak as they press. */
const PRESS_PRE_ROLL_MS = 300;
/** For which audio is kept at most. */
export const MAX_PRE_ROLL_MS = Math.max(LOCAL_PRE_ROLL_MS, PRESS_PRE_ROLL_MS);
/** People let go on their last word, and its sound takes a jitter buffer longer than the message. */
export const TAIL_MS = 300;

export function turnTaking(style: TurnStyle): TurnTaking {
  return style === "gemini" ? { style } : { style, turn: "none" };
}

export function modeOf({ style }: { style: TurnStyle }): TurnMode {
  return style === "gemini" ? "auto" : "manual";
}

export function isTurn(taking: TurnTaking): boolean {
  return taking.style !== "gemini" && taking.turn !== "none";
}

/** An event that means nothing in a state leaves it as it is: buttons are pressed twice, and let go unpressed. */
export function nextTurn(
  taking: TurnTaking,
  event: TurnEvent,
): { taking: TurnTaking; effects: TurnEffect[] } {
  if (event.kind === "style") return styled(taking, event.style);
  if (event.kind === "muted") return isTurn(taking) ? ended(taking) : same(taking);
  switch (taking.style) {
    case "gemini":
      return same(taking);
    case "local":
      if (event.kind === "speech-started" && taking.turn === "none") {
        const start = { kind: "start", preRollMs: LOCAL_PRE_ROLL_MS, interrupt: false } as const;
        return { taking: { style: "local", turn: "open" }, effects: [start] };
      }
      return event.kind === "speech-stopped" && taking.turn === "open" ? ended(taking) : same(taking);
    case "push-to-talk":
      return pushed(taking, event);
  }
}

function pushed(
  taking: Extract<TurnTaking, { style: "push-to-talk" }>,
  event: TurnEvent,
): { taking: TurnTaking; effects: TurnEffect[] } {
  switch (event.kind) {
    case "pressed": {
      const held: TurnTaking = { style: "push-to-talk", turn: "held" };
      // Pressed again before the tail was over, it is one turn.
      if (taking.turn !== "none") return { taking: held, effects: [] };
      return {
        taking: held,
        effects: [{ kind: "start", preRollMs: PRESS_PRE_ROLL_MS, interrupt: true }],
      };
    }
    case "released":
      if (taking.turn !== "held") return same(taking);
      return { taking: { style: "push-to-talk", turn: "tail" }, effects: [] };
    case "tail-over":
      return taking.turn === "tail" ? ended(taking) : same(taking);
    default:
      return same(taking);
  }
}

/** What was said in the old style is a turn: it ends before the new one begins. */
function styled(before: TurnTaking, style: TurnStyle): { taking: TurnTaking; effects: TurnEffect[] } {
  if (style === before.style) return same(before);
  const effects: TurnEffect[] = isTurn(before) ? [{ kind: "end" }] : [];
  const taking = turnTaking(style);
  if (modeOf(taking) !== modeOf(before)) effects.push({ kind: "mode", mode: modeOf(taking) });
  return { taking, effects };
}

function ended({ style }: TurnTaking): { taking: TurnTaking; effects: TurnEffect[] } {
  return { taking: turnTaking(style), effects: [{ kind: "end" }] };
}

function same(taking: TurnTaking): { taking: TurnTaking; effects: TurnEffect[] } {
  return { taking, effects: [] };
}
