import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { Frame } from "../pipeline/frame.ts";
import type { Direction } from "../pipeline/processor.ts";
import { decodePcm, pcmRate } from "./pcm.ts";
import type { ServerContent } from "./server-message.ts";

/**
 * What still arrives after `interrupted` belongs to the cancelled answer, until `turnComplete`. Should that not
 * come, whatever arrives later than this is a new answer: to drop it would leave the bot mute.
 */
export const INTERRUPTED_TAIL_MS = 1_000;

/** Where the model is. `generation` is that of the newest answer; 0 before the first. */
export type AnswerState =
  | { kind: "idle"; generation: number }
  | { kind: "answering"; generation: number }
  | { kind: "interrupted"; generation: number; at: number };

export const NO_ANSWER: AnswerState = { kind: "idle", generation: 0 };

export interface Directed {
  frame: Frame;
  direction: Direction;
}

export interface ContentRead {
  state: AnswerState;
  frames: Directed[];
  /** Why a part of it could not be used. */
  unusable: string[];
}

/**
 * The frames of one server message. Any of its fields may be there, so each is looked at, in the order that keeps
 * an answer whole: interruption first, the end of the turn last.
 * @param now epoch milliseconds.
 */
export function readContent(before: AnswerState, content: ServerContent, now: number): ContentRead {
  const reading = new Reading(before, now);
  if (content.interrupted) reading.interrupted();
  for (const part of content.modelTurn?.parts ?? []) {
    if (part.inlineData?.data) reading.audio(part.inlineData.data, part.inlineData.mimeType);
  }
  if (content.inputTranscription) {
    const { text = "", finished = false } = content.inputTranscription;
    if (text || finished)
      reading.frames.push({ frame: { type: "user-text", text, finished }, direction: "up" });
  }
  if (content.outputTranscription?.text) reading.text(content.outputTranscription.text);
  if (content.generationComplete) reading.generated();
  if (content.turnComplete) reading.turnComplete();
  return { state: reading.state, frames: reading.frames, unusable: reading.unusable };
}

/**
 * The frames with which an answer ends that the model itself does not end any more, since its connection is gone.
 * `cut`: it is not whole, and what waits to be heard of it is not worth hearing.
 */
export function endAnswer(before: AnswerState, cut: boolean): ContentRead {
  const reading = new Reading(before, 0);
  if (cut) reading.interrupted();
  reading.turnComplete();
  return { state: reading.state, frames: reading.frames, unusable: reading.unusable };
}

class Reading implements ContentRead {
  state: AnswerState;
  readonly frames: Directed[] = [];
  readonly unusable: string[] = [];
  readonly #now: number;

  constructor(state: AnswerState, now: number) {
    this.state = state;
    this.#now = now;
  }

  /** Also when no answer is under way any more: the rest of the last one may still be playing. */
  interrupted(): void {
    const { kind, generation } = this.state;
    if (kind === "interrupted" || generation === 0) return;
    this.#down({ type: "answer-interrupted", generation });
    if (kind === "answering") this.state = { kind: "interrupted", generation, at: this.#now };
  }

  audio(base64: string, mimeType: string | undefined): void {
    const rate = pcmRate(mimeType) ?? OUTPUT_SAMPLE_RATE;
    if (rate !== OUTPUT_SAMPLE_RATE) {
      this.unusable.push(`audio at ${rate} Hz`);
      return;
    }
    const pcm = decodePcm(base64);
    if (pcm.length > 0) this.#down({ type: "answer-audio", generation: this.#answering(), pcm });
  }

  text(text: string): void {
    this.#down({ type: "answer-text", generation: this.#answering(), text });
  }

  generated(): void {
    if (this.state.kind !== "answering") return;
    this.#down({ type: "answer-generated", generation: this.state.generation });
  }

  turnComplete(): void {
    const { kind, generation } = this.state;
    if (kind === "idle") return;
    this.#down({ type: "answer-ended", generation, interrupted: kind === "interrupted" });
    this.state = { kind: "idle", generation };
  }

  /** The generation that content arriving now belongs to; begins a new one where none is under way. */
  #answering(): number {
    const { state } = this;
    if (state.kind === "answering") return state.generation;
    if (state.kind === "interrupted") {
      if (this.#now - state.at < INTERRUPTED_TAIL_MS) return state.generation;
      this.turnComplete();
    }
    const generation = state.generation + 1;
    this.state = { kind: "answering", generation };
    this.#down({ type: "answer-started", generation });
    return generation;
  }

  #down(frame: Frame): void {
    this.frames.push({ frame, direction: "down" });
  }
}
