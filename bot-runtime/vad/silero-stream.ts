import {
  type BatchViews,
  CONTEXT_SAMPLES,
  INPUT_SAMPLES,
  readState,
  STATE_LENGTH,
  WINDOW_SAMPLES,
  writeState,
} from "./silero-batch.ts";
import type { SpeechModelEvents } from "./speech-model.ts";

/** Windows of one speaker that may wait to be judged: a quarter of a second. What is older helps nobody any more. */
export const MAX_WAITING_WINDOWS = 8;
const SAMPLES_PER_MS = 16;

interface Window {
  samples: Float32Array;
  endsAtMs: number;
}

/** One speaker's part of the model: audio that is not judged yet, and what the model remembers of the speaker. */
export class SileroStream {
  readonly #events: SpeechModelEvents;
  readonly #waiting: Window[] = [];
  readonly #state = new Float32Array(STATE_LENGTH);
  readonly #context = new Float32Array(CONTEXT_SAMPLES);
  #window = new Float32Array(WINDOW_SAMPLES);
  #filled = 0;
  #heardSamples = 0;
  /** The window that is being judged. Gone when its judgement is not wanted any more. */
  #judged: Window | undefined;
  /** Whether the memory that the judgement brings is wanted. */
  #keepsState = false;

  constructor(events: SpeechModelEvents) {
    this.#events = events;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Gathers windows. @returns how many older ones were let go since too many wait */
  add(pcm: Int16Array): number {
    for (let taken = 0; taken < pcm.length; ) {
      const part = pcm.subarray(taken, taken + WINDOW_SAMPLES - this.#filled);
      copyAsFloats(part, this.#window, this.#filled);
      this.#filled += part.length;
      this.#heardSamples += part.length;
      taken += part.length;
      if (this.#filled < WINDOW_SAMPLES) continue;
      this.#waiting.push({ samples: this.#window, endsAtMs: this.#heardSamples / SAMPLES_PER_MS });
      this.#window = new Float32Array(WINDOW_SAMPLES);
      this.#filled = 0;
    }
    return this.#waiting.splice(0, this.#waiting.length - MAX_WAITING_WINDOWS).length;
  }

  /** Counts audio that nobody hears, so that the time stays right. */
  skip(pcm: Int16Array): void {
    this.#heardSamples += pcm.length;
  }

  /** Puts its oldest window into the batch. */
  write(batch: BatchViews, place: { row: number; size: number }): void {
    const window = this.#waiting.shift();
    if (!window) throw new Error("Nothing waits to be judged.");
    const from = place.row * INPUT_SAMPLES;
    batch.input.set(this.#context, from);
    batch.input.set(window.samples, from + CONTEXT_SAMPLES);
    writeState(batch, place, this.#state);
    this.#context.set(window.samples.subarray(-CONTEXT_SAMPLES));
    this.#judged = window;
    this.#keepsState = true;
  }

  /** Takes its result out of the batch, and tells it. */
  read(batch: BatchViews, place: { row: number; size: number }): void {
    const window = this.#judged;
    this.#judged = undefined;
    if (this.#keepsState) readState(batch, place, this.#state);
    if (!window) return;
    this.#events.heard({ probability: batch.probabilities[place.row] ?? 0, ...window });
  }

  available(isAvailable: boolean): void {
    if (!isAvailable) this.pause();
    this.#events.available(isAvailable);
  }

  refresh(): void {
    this.#state.fill(0);
    this.#keepsState = false;
  }

  pause(): void {
    this.refresh();
    this.#context.fill(0);
    this.#waiting.length = 0;
    this.#filled = 0;
    this.#judged = undefined;
  }
}

function copyAsFloats(from: Int16Array, to: Float32Array, offset: number): void {
  for (let index = 0; index < from.length; index += 1) to[offset + index] = (from[index] ?? 0) / 32_768;
}
