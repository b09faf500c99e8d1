import type { Frame } from "./pipeline/frame.ts";

/** An answer follows the user's words within this time, or there will be none: what was heard was a cough. */
const ANSWER_WITHIN_MS = 5_000;

/** Who is speaking or about to, by the frames of a pipeline. */
export class Floor {
  #user: "quiet" | "speaking" = "quiet";
  #userStoppedAt = Number.NEGATIVE_INFINITY;
  /** The answer that is being made. */
  #making: number | undefined;
  /** Newest answer of which there is audio, and newest that is over for the listener. */
  #audioUpTo = 0;
  #overUpTo = 0;
  #heard = false;

  onFrame(frame: Frame): void {
    switch (frame.type) {
      case "user-started-speaking":
        this.#user = "speaking";
        return;
      case "user-stopped-speaking":
      case "input-audio-paused":
        if (this.#user === "speaking") this.#userStoppedAt = Date.now();
        this.#user = "quiet";
        return;
      case "answer-started":
        this.#making = frame.generation;
        this.#userStoppedAt = Number.NEGATIVE_INFINITY;
        return;
      case "answer-audio":
        this.#audioUpTo = Math.max(this.#audioUpTo, frame.generation);
        return;
      case "answer-interrupted":
        this.#overUpTo = Math.max(this.#overUpTo, frame.generation);
        return;
      case "answer-ended":
        if (this.#making === frame.generation) this.#making = undefined;
        return;
      case "bot-started-speaking":
        this.#heard = true;
        return;
      case "bot-stopped-speaking":
        this.#heard = false;
        this.#overUpTo = Math.max(this.#overUpTo, frame.generation);
    }
  }

  /** Whether the listener hears the bot, or will in a moment. */
  get botSpeaks(): boolean {
    return this.#heard || this.#audioUpTo > this.#overUpTo;
  }

  /** Whether a word would disturb nobody. */
  get isFree(): boolean {
    const answerIsAwaited = Date.now() - this.#userStoppedAt < ANSWER_WITHIN_MS;
    return this.#user === "quiet" && !answerIsAwaited && this.#making === undefined && !this.botSpeaks;
  }
}
