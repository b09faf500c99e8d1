import { at } from "./at.ts";

/**
 * Cuts a stream of floats in -1..1 into s16 frames of one size. The frame handed to `onFrame` is used again:
 * copy it before returning. Allocates nothing after its construction.
 */
export class Framer {
  readonly #frame: Int16Array<ArrayBuffer>;
  readonly #onFrame: (frame: Int16Array<ArrayBuffer>) => void;
  #filled = 0;

  constructor(frameSamples: number, onFrame: (frame: Int16Array<ArrayBuffer>) => void) {
    if (!Number.isInteger(frameSamples) || frameSamples < 1) {
      throw new RangeError(`No frames of ${frameSamples} samples`);
    }
    this.#frame = new Int16Array(frameSamples);
    this.#onFrame = onFrame;
  }

  /** Takes the first `length` of `samples`. */
  push(samples: Float32Array, length: number): void {
    for (let index = 0; index < length; index++) {
      this.#frame[this.#filled++] = toS16(at(samples, index));
      if (this.#filled < this.#frame.length) continue;
      this.#filled = 0;
      this.#onFrame(this.#frame);
    }
  }

  reset(): void {
    this.#filled = 0;
  }
}

/** Rounds and clips. What is not a number becomes silence when it is stored. */
function toS16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768)));
}
