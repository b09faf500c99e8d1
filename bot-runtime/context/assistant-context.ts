import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";

/** An answer longer than this is cut with a mark: no model talks for so long without a word of the user. */
const MAX_ANSWER_CHARS = 16_000;
const CUT_MARK = " […]";

/** One answer of the assistant. `at`: epoch milliseconds of its beginning. */
export interface AssistantEntry {
  text: string;
  at: number;
  interrupted: boolean;
}

type Answer =
  | { kind: "none" }
  | { kind: "open"; generation: number; at: number; text: string }
  /** Words that still come for it were not heard by anybody. */
  | { kind: "interrupted"; generation: number; at: number; text: string };

/** Gathers the words of each answer. */
export class AssistantContext implements Processor {
  readonly name = "AssistantContext";
  readonly #onEntry: (entry: AssistantEntry) => void;
  #answer: Answer = { kind: "none" };

  constructor(onEntry: (entry: AssistantEntry) => void) {
    this.#onEntry = onEntry;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    switch (frame.type) {
      case "answer-started":
        this.#finish();
        this.#answer = { kind: "open", generation: frame.generation, at: Date.now(), text: "" };
        break;
      case "answer-text":
        this.#add(frame.generation, frame.text);
        break;
      case "answer-interrupted":
        this.#interrupt(frame.generation);
        break;
      case "answer-ended":
        if (this.#answer.kind !== "none" && this.#answer.generation === frame.generation) this.#finish();
        break;
    }
    push(frame, direction);
  }

  /** An answer that the end of the session cuts off was interrupted by it. */
  stop(): void {
    if (this.#answer.kind === "open") this.#interrupt(this.#answer.generation);
    this.#finish();
  }

  #add(generation: number, text: string): void {
    const answer = this.#answer;
    if (answer.kind !== "open" || answer.generation !== generation) return;
    if (answer.text.length >= MAX_ANSWER_CHARS) return;
    const whole = answer.text + text;
    const fits = whole.length < MAX_ANSWER_CHARS;
    this.#answer = { ...answer, text: fits ? whole : whole.slice(0, MAX_ANSWER_CHARS) + CUT_MARK };
  }

  #interrupt(generation: number): void {
    const answer = this.#answer;
    if (answer.kind === "none" || answer.generation !== generation) return;
    this.#answer = { ...answer, kind: "interrupted" };
  }

  #finish(): void {
    const answer = this.#answer;
    this.#answer = { kind: "none" };
    if (answer.kind === "none") return;
    const text = answer.text.trim();
    if (text) this.#onEntry({ text, at: answer.at, interrupted: answer.kind === "interrupted" });
  }
}
