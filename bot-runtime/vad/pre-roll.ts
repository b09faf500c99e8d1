import { INPUT_SAMPLE_RATE } from "../pipeline/audio.ts";

const SAMPLES_PER_MS = INPUT_SAMPLE_RATE / 1000;

/** The newest audio of a speaker, s16 mono at 16 kHz, for whoever learns later that it was needed. */
export class PreRoll {
  readonly #ring: Int16Array;
  /** Samples that were ever added. */
  #added = 0;
  /** Those before this one are taken, or not of this recording. */
  #from = 0;

  /** @param keptMs how much is kept, a whole number above 0 */
  constructor(keptMs: number) {
    if (!Number.isInteger(keptMs) || keptMs <= 0)
      throw new RangeError(`${keptMs} ms of audio cannot be kept.`);
    this.#ring = new Int16Array(keptMs * SAMPLES_PER_MS);
  }

  /** @param pcm any length; copied */
  add(pcm: Int16Array): void {
    const { length } = this.#ring;
    // Of more than it holds, only the end is kept; it stands where it would have come to stand.
    const kept = pcm.subarray(-length);
    this.#added += pcm.length;
    const at = (this.#added - kept.length) % length;
    const untilEnd = kept.subarray(0, length - at);
    this.#ring.set(untilEnd, at);
    this.#ring.set(kept.subarray(untilEnd.length), 0);
  }

  /**
   * The audio from a time on, in ms of all that was ever added; as much of it as is there. It is taken: nothing is
   * given out twice.
   */
  takeFrom(atMs: number): Int16Array {
    const { length } = this.#ring;
    const from = Math.max(Math.round(atMs * SAMPLES_PER_MS), this.#from, this.#added - length, 0);
    const taken = new Int16Array(Math.max(0, this.#added - from));
    for (let index = 0; index < taken.length; index += 1)
      taken[index] = this.#ring[(from + index) % length] ?? 0;
    this.#from = this.#added;
    return taken;
  }

  /** Nothing of what was added so far is given out any more: there is a gap behind it. */
  clear(): void {
    this.#from = this.#added;
  }
}
