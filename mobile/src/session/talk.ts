/**
 * Who decides when the user's turn is over: the model (`open`), or a button (`push`). The microphone stays open in
 * both, since a turn begins a moment before its press; with the button up the bot passes on nothing of it.
 *
 * A short press latches: who cannot hold a button (with a screen reader, with a tremor, on a phone put down) presses
 * once to talk and once more to stop.
 */
export type Talk =
  | { readonly mode: "open" }
  | { readonly mode: "push"; readonly talking: "no" | "held" | "latched"; readonly pressedAtMs: number };

export type TalkEvent =
  | { readonly type: "mode"; readonly mode: Talk["mode"] }
  | { readonly type: "press"; readonly atMs: number }
  | { readonly type: "release"; readonly atMs: number }
  /** A press without length, as a screen reader makes it. */
  | { readonly type: "toggle" }
  /** The touch was taken away (a scroll, a phone call), or the call is over: whatever was pressed is so no longer. */
  | { readonly type: "lost" };

/** A press shorter than this latches. People who mean to hold, hold longer. */
export const LATCH_WITHIN_MS = 300;

export const OPEN_MICROPHONE: Talk = { mode: "open" };

export function nextTalk(talk: Talk, event: TalkEvent): Talk {
  if (event.type === "mode") {
    if (event.mode === talk.mode) return talk;
    return event.mode === "open" ? OPEN_MICROPHONE : { mode: "push", talking: "no", pressedAtMs: 0 };
  }
  if (talk.mode === "open") return talk;
  switch (event.type) {
    case "press":
      // A latched button is let go by the end of this press.
      return talk.talking === "no" ? { ...talk, talking: "held", pressedAtMs: event.atMs } : talk;
    case "release":
      if (talk.talking === "latched") return { ...talk, talking: "no" };
      if (talk.talking === "no") return talk;
      return { ...talk, talking: event.atMs - talk.pressedAtMs < LATCH_WITHIN_MS ? "latched" : "no" };
    case "toggle":
      return { ...talk, talking: talk.talking === "no" ? "latched" : "no" };
    case "lost":
      return talk.talking === "no" ? talk : { ...talk, talking: "no" };
  }
}

/** Whether the button is down, as the bot is told. */
export function isPressed(talk: Talk): boolean {
  return talk.mode === "push" && talk.talking !== "no";
}
