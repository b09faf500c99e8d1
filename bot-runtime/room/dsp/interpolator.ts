import { at } from "./at.ts";
import { designLowPass } from "./fir.ts";

/** What a voice at 24 kHz holds; its mirror image starts at 13.5 kHz and is removed. */
const PASS_HZ = 10_500;
const STOP_HZ = 13_500;
const FACTOR = 2;

/**
 * Centred on a quarter of the rate, every second tap of this filter is zero except the middle one. So of each pair
 * of outputs one is an input, delayed, and only the other has to be computed.
 */
const TAPS = designLowPass({ sampleRate: 48_000, passHz: PASS_HZ, stopHz: STOP_HZ, multipleOf: FACTOR });
const MIDDLE = (TAPS.length - 1) / 2;
/** Taps of the computed output, times two to make up for the zeros between inputs. As many as `MIDDLE`. */
const BETWEEN = Float32Array.from({ length: MIDDLE }, (_, index) => FACTOR * at(TAPS, 2 * index + 1));
const THROUGH = FACTOR * at(TAPS, MIDDLE);
/** Where the input that is only delayed stands among those that the filter looks at, oldest first. */
const CENTRE = MIDDLE / 2 - 1;
const HISTORY = MIDDLE - 1;

export interface InterpolatorOptions {
  /** Most input samples per call of `process`. */
  maxBlock: number;
}

/** 24 kHz to 48 kHz. Allocates nothing after its construction. */
export class Interpolator {
  readonly #line: Float32Array;
  readonly #maxBlock: number;

  constructor({ maxBlock }: InterpolatorOptions) {
    this.#maxBlock = maxBlock;
    this.#line = new Float32Array(HISTORY + maxBlock);
  }

  /** Inputs after which the last sound has left the filter. */
  get tail(): number {
    return MIDDLE;
  }

  /** Writes two samples to `output` for each of `input`. */
  process(input: Float32Array, output: Float32Array): void {
    const length = input.length;
    if (length > this.#maxBlock) throw new RangeError(`Block of ${length}, at most ${this.#maxBlock}`);
    if (output.length < length * FACTOR) throw new RangeError("The output is too short");
    const line = this.#line;
    line.set(input, HISTORY);
    for (let position = 0; position < length; position++) {
      let even = 0;
      let odd = 0;
      for (let tap = 0; tap < MIDDLE; tap += 2) {
        even += at(BETWEEN, tap) * at(line, position + tap);
        odd += at(BETWEEN, tap + 1) * at(line, position + tap + 1);
      }
      output[position * FACTOR] = THROUGH * at(line, position + CENTRE);
      output[position * FACTOR + 1] = even + odd;
    }
    line.copyWithin(0, length, length + HISTORY);
  }
}
