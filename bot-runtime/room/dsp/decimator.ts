import { at } from "./at.ts";
import { designLowPass } from "./fir.ts";

/** Speech below this passes unchanged; above 8 kHz nothing is left that could fold back into 16 kHz. */
const PASS_HZ = 6_800;
const FACTOR = 3;
/** Symmetric, and so many that each half can be summed in pairs. */
const TAPS = designLowPass({ sampleRate: 48_000, passHz: PASS_HZ, stopHz: 8_000, multipleOf: 2 });
const HALF = (TAPS.length - 1) / 2;
const HISTORY = TAPS.length - 1;

export interface DecimatorOptions {
  /** Most input samples per call of `process`. */
  maxBlock: number;
}

/** 48 kHz to 16 kHz. Allocates nothing after its construction. */
export class Decimator {
  /** The newest inputs of earlier blocks, then this block. */
  readonly #line: Float32Array;
  readonly #maxBlock: number;
  /** Inputs of the next block to pass before one yields an output. */
  #skip = 0;

  constructor({ maxBlock }: DecimatorOptions) {
    this.#maxBlock = maxBlock;
    this.#line = new Float32Array(HISTORY + maxBlock);
  }

  /**
   * Filters a block and writes every third sample to `output`, which must hold a third of it (rounded up).
   * Returns how many were written.
   */
  process(input: Float32Array, output: Float32Array): number {
    const length = input.length;
    if (length > this.#maxBlock) throw new RangeError(`Block of ${length}, at most ${this.#maxBlock}`);
    const line = this.#line;
    line.set(input, HISTORY);
    let written = 0;
    let position = this.#skip;
    for (; position < length; position += FACTOR) {
      // The two ends of the filter share a tap. Two sums: one addition need not wait for the one before.
      const newest = position + 2 * HALF;
      let even = at(TAPS, HALF) * at(line, position + HALF);
      let odd = 0;
      for (let tap = 0; tap < HALF; tap += 2) {
        even += at(TAPS, tap) * (at(line, position + tap) + at(line, newest - tap));
        odd += at(TAPS, tap + 1) * (at(line, position + tap + 1) + at(line, newest - tap - 1));
      }
      output[written++] = even + odd;
    }
    this.#skip = position - length;
    line.copyWithin(0, length, length + HISTORY);
    return written;
  }

  reset(): void {
    this.#line.fill(0);
    this.#skip = 0;
  }
}
