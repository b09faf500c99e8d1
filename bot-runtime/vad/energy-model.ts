/** Nothing below this is speech, however quiet the room: about a whisper at arm's length. */
const QUIETEST_SPEECH_DB = -48;
/** The floor is never believed lower than this: digital silence would turn the first breath into speech. */
const LOWEST_FLOOR_DB = -62;
/** As far above the noise as this, a frame is as likely speech as not. */
const EVEN_ODDS_DB = 9;
/** How many decibels make a difference: 3 dB above even odds is 73 %. */
const SLOPE_DB = 3;

/**
 * The noise floor is the quietest frame of the last 1.6 s: speech dips between syllables and words, steady noise
 * does not. So speech is never taken for noise, and a fan that starts is forgotten after 1.6 s.
 */
const FLOOR_BLOCKS = 8;
const FRAMES_PER_BLOCK = 10;
/** Until it has been heard for so long, a room is taken to be as quiet as this: a call may begin with a word. */
const UNHEARD_ROOM_DB = -55;

/** Speech by loudness over an adaptive noise floor, at once. Knows neither music nor coughs. One for each speaker. */
export class EnergyModel {
  /** Quietest frame of each finished block, oldest first. */
  readonly #blocks: number[] = Array.from({ length: FLOOR_BLOCKS }, () => UNHEARD_ROOM_DB);
  #block = Number.POSITIVE_INFINITY;
  #framesInBlock = 0;

  /** How likely the frame holds speech, 0 to 1. @param pcm s16 mono at 16 kHz, 20 ms */
  probability(pcm: Int16Array): number {
    const level = levelDb(pcm);
    const floor = Math.max(LOWEST_FLOOR_DB, this.#floorWith(level));
    if (level < QUIETEST_SPEECH_DB) return 0;
    return 1 / (1 + Math.exp((EVEN_ODDS_DB - (level - floor)) / SLOPE_DB));
  }

  #floorWith(level: number): number {
    this.#block = Math.min(this.#block, level);
    const floor = Math.min(this.#block, ...this.#blocks);
    this.#framesInBlock += 1;
    if (this.#framesInBlock === FRAMES_PER_BLOCK) {
      this.#blocks.push(this.#block);
      this.#blocks.shift();
      this.#block = Number.POSITIVE_INFINITY;
      this.#framesInBlock = 0;
    }
    return floor;
  }
}

/** Root mean square of a frame in dB relative to full scale. */
export function levelDb(pcm: Int16Array): number {
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, pcm.length)) / 32_768;
  return 20 * Math.log10(Math.max(rms, 1e-6));
}
