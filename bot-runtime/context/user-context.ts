import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";

/** Gemini does not reliably say where a transcription ends: this much quiet ends it (Pipecat's figure). */
const QUIET_MS = 500;
/** An utterance longer than this is split, so that no text grows without end. Some minutes of speech. */
const MAX_UTTERANCE_CHARS = 4_000;
/** Transcription lags up to 2 s behind. A sound that has no words so long after its end was a cough. */
const MAX_LAG_MS = 5_000;

/** One utterance of the user. `at`: epoch milliseconds of its beginning. */
export interface UserEntry {
  text: string;
  at: number;
}

/** Speech that is not transcribed yet, in epoch milliseconds. It has no end while it lasts. */
interface Heard {
  beganAt: number;
  endedAt?: number;
}

/** Gathers the fragments of what the user says into utterances. */
export class UserContext implements Processor {
  readonly name = "UserContext";
  readonly #onEntry: (entry: UserEntry) => void;
  #push: Push | undefined;
  /** Under way. */
  #utterance: UserEntry | undefined;
  #heard: Heard | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(onEntry: (entry: UserEntry) => void) {
    this.#onEntry = onEntry;
  }

  start(push: Push): void {
    this.#push = push;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    if (frame.type === "user-text") {
      this.#add(frame.text, frame.finished);
      return;
    }
    if (frame.type === "user-started-speaking") this.#heard = { beganAt: this.#beganAt() };
    if (frame.type === "user-stopped-speaking" && this.#heard) this.#heard.endedAt = Date.now();
    push(frame, direction);
  }

  /** What was said last may still lack its end; it was said all the same. */
  stop(): void {
    this.#finish();
    this.#push = undefined;
  }

  #add(text: string, finished: boolean): void {
    const utterance = this.#utterance ?? { text: "", at: this.#beganAt() };
    utterance.text += text;
    this.#utterance = utterance;
    clearTimeout(this.#quiet);
    if (finished || utterance.text.length >= MAX_UTTERANCE_CHARS) {
      this.#finish();
      return;
    }
    this.#quiet = setTimeout(() => this.#finish(), QUIET_MS);
    const soFar = utterance.text.trim();
    if (soFar) this.#push?.({ type: "user-transcript", text: soFar, at: utterance.at, final: false }, "up");
  }

  #finish(): void {
    clearTimeout(this.#quiet);
    const utterance = this.#utterance;
    this.#utterance = undefined;
    const text = utterance?.text.trim();
    if (!utterance || !text) return;
    const { at } = utterance;
    this.#heard = undefined;
    this.#onEntry({ text, at });
    this.#push?.({ type: "user-transcript", text, at, final: true }, "up");
  }

  /** When the speech began that is transcribed next. */
  #beganAt(): number {
    const now = Date.now();
    if (!this.#heard) return now;
    const { beganAt, endedAt = now } = this.#heard;
    return now - endedAt > MAX_LAG_MS ? now : beganAt;
  }
}
