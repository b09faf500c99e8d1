/**
 * When the microphone is open. Pure, with the time in the events; `PushToTalk` below adds the one timer.
 *
 * A short press latches: who cannot hold a button (with a screen reader, with a tremor, on a phone put down) presses
 * once to talk and once more to stop.
 */
export type Talk =
  | { readonly mode: "open" }
  | {
      readonly mode: "push";
      /** `tail`: released, but the last syllable may still be on its way through the browser. */
      readonly talking: "no" | "held" | "latched" | "tail";
      readonly pressedAtMs: number;
    };

export type TalkEvent =
  | { type: "mode"; mode: Talk["mode"] }
  | { type: "press"; atMs: number }
  | { type: "release"; atMs: number }
  /** A press without length, as a screen reader makes it. */
  | { type: "toggle" }
  /** The page lost the key or the pointer: whatever was held is held no longer. */
  | { type: "lost" }
  | { type: "tail-over" };

/** A press shorter than this latches. People who mean to hold, hold longer. */
export const LATCH_WITHIN_MS = 300;
/** Between a release and the mute: a word's end, and the way from the microphone into the call. */
export const TAIL_MS = 300;

export const OPEN_MICROPHONE: Talk = { mode: "open" };

export function nextTalk(talk: Talk, event: TalkEvent): Talk {
  if (event.type === "mode") {
    if (event.mode === talk.mode) return talk;
    return event.mode === "open" ? OPEN_MICROPHONE : { mode: "push", talking: "no", pressedAtMs: 0 };
  }
  if (talk.mode === "open") return talk;
  switch (event.type) {
    case "press":
      // A latched microphone stays open until this press is over.
      return talk.talking === "held" || talk.talking === "latched"
        ? talk
        : { ...talk, talking: "held", pressedAtMs: event.atMs };
    case "release":
      if (talk.talking === "latched") return { ...talk, talking: "tail" };
      if (talk.talking !== "held") return talk;
      return { ...talk, talking: event.atMs - talk.pressedAtMs < LATCH_WITHIN_MS ? "latched" : "tail" };
    case "toggle":
      return { ...talk, talking: isOpen(talk) && talk.talking !== "tail" ? "tail" : "latched" };
    case "lost":
      return talk.talking === "held" ? { ...talk, talking: "tail" } : talk;
    case "tail-over":
      return talk.talking === "tail" ? { ...talk, talking: "no" } : talk;
  }
}

/** Whether the caller is to be heard. */
export function isOpen(talk: Talk): boolean {
  return talk.mode === "open" || talk.talking !== "no";
}

/** The microphone's switch over time: it owns the timer of the tail. */
export class PushToTalk {
  readonly #onChange: (talk: Talk) => void;
  #talk: Talk = OPEN_MICROPHONE;
  #tail: ReturnType<typeof setTimeout> | undefined;

  constructor(onChange: (talk: Talk) => void) {
    this.#onChange = onChange;
  }

  get talk(): Talk {
    return this.#talk;
  }

  send(event: TalkEvent): void {
    const changed = nextTalk(this.#talk, event);
    if (changed === this.#talk) return;
    this.#talk = changed;
    clearTimeout(this.#tail);
    if (changed.mode === "push" && changed.talking === "tail") {
      this.#tail = setTimeout(() => this.send({ type: "tail-over" }), TAIL_MS);
    }
    this.#onChange(changed);
  }

  /** Silent and without a timer, in the mode that it was in: a call is over. */
  reset(): void {
    clearTimeout(this.#tail);
    if (this.#talk.mode === "open" || this.#talk.talking === "no") return;
    this.#talk = { ...this.#talk, talking: "no" };
    this.#onChange(this.#talk);
  }
}
