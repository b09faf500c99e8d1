/** Levels of windows differ by less than this of themselves, in dB. */
const LEAST_DB = 0.2;
/** A string that was plucked loses less than this in a window. What falls faster is the end of a syllable, in dB. */
const MOST_DB = 5;

/** Whether a sound dies away, window by window. One for each speaker. */
export class Fading {
  #before = Number.NEGATIVE_INFINITY;

  /** @param samples the next window, -1 to 1. @returns whether it is a little quieter than the one before */
  next(samples: Float32Array): boolean {
    const level = levelDb(samples);
    const lostDb = this.#before - level;
    this.#before = level;
    return lostDb > LEAST_DB && lostDb < MOST_DB;
  }
}

/** -Infinity for digital silence. */
function levelDb(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / samples.length);
}
