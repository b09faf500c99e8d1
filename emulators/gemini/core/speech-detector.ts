import { FULL_SCALE, INPUT_RATE_HZ, sampleCount } from "./pcm.ts";

/**
 * Tells speech from silence and from steady noise by the energy of 20 ms frames. A frame is loud when it stands
 * out from the noise floor, which is the quietest frame of the last two seconds: speech has gaps between its
 * syllables, steady noise has none. Speech is also never even: a level that jumps up and then stays put (a fan, a
 * hum, a call whose noise begins after a moment of digital silence) is not taken for it.
 */

const FRAME_MS = 20;
export const FRAME_SAMPLES = sampleCount(FRAME_MS, INPUT_RATE_HZ);

/** Below this a frame is never loud: the noise of a converter, of a codec, of a room with a muted microphone. */
const QUIETEST_SPEECH_DBFS = -50;
/** The floor of digital silence, so that the first rustle after it does not count as loud. */
const LOWEST_FLOOR_DBFS = -60;
/** A frame is loud this far above the floor; while speech is on, already at the lower figure. */
const LOUD_ABOVE_FLOOR_DB = 9;
const STILL_LOUD_ABOVE_FLOOR_DB = 6;
/** Longer than the loud part of a syllable, so that there is a gap in it; short enough to learn a fan's noise. */
const FLOOR_WINDOW_FRAMES = 2000 / FRAME_MS;
/** Speech is heard after this many loud frames in a row (60 ms): a key click is shorter. */
const ONSET_FRAMES = 3;
/** How many of the last loud frames are compared to tell speech from noise that sets in. */
const EVENNESS_FRAMES = 6;
/** White noise varies by less than 2 dB over that many frames, a hum by less than 1 dB, speech by 5 dB and more. */
const EVEN_WITHIN_DB = 3;
/** Removes DC and most of a hum; a voice keeps its overtones. */
const HIGH_PASS_HZ = 150;
const HIGH_PASS_DECAY = Math.exp((-2 * Math.PI * HIGH_PASS_HZ) / INPUT_RATE_HZ);

/** Positions are counted in samples since the stream's start. */
export type DetectorEvent =
  | { kind: "started"; atSample: number }
  /** `atSample`: where the last loud frame ended, `silenceMs` before this was noticed. */
  | { kind: "ended"; atSample: number };

type State =
  | { kind: "quiet"; loudLevels: readonly number[]; sinceSample: number }
  | { kind: "speaking"; lastLoudSample: number };

const QUIET: State = { kind: "quiet", loudLevels: [], sinceSample: 0 };

export class SpeechDetector {
  readonly #silenceSamples: number;
  readonly #highPass = { input: 0, output: 0 };
  /** Levels of the last `FLOOR_WINDOW_FRAMES` frames, in dBFS. */
  readonly #levels: number[] = [];
  #state: State = QUIET;
  #position = 0;

  /** @param silenceMs how long a pause ends the speech */
  constructor({ silenceMs }: { silenceMs: number }) {
    this.#silenceSamples = sampleCount(silenceMs, INPUT_RATE_HZ);
  }

  get speaking(): boolean {
    return this.#state.kind === "speaking";
  }

  /** Where the speech under way was last heard: what came since may be its end. */
  get lastLoudSample(): number | undefined {
    return this.#state.kind === "speaking" ? this.#state.lastLoudSample : undefined;
  }

  /** The next 20 ms (`FRAME_SAMPLES`) of the stream. */
  process(frame: Int16Array): DetectorEvent | undefined {
    const start = this.#position;
    this.#position += frame.length;
    const level = levelOf(frame, this.#highPass);
    // The floor is that of the time before this frame, so that the very first frame is not its own floor.
    const floor = this.#levels.length === 0 ? level : Math.min(...this.#levels);
    this.#levels.push(Math.max(level, LOWEST_FLOOR_DBFS));
    if (this.#levels.length > FLOOR_WINDOW_FRAMES) this.#levels.shift();

    return this.#state.kind === "quiet"
      ? this.#listen(this.#state, { level, floor, start })
      : this.#follow(this.#state, { level, floor });
  }

  /** The stream pauses: what is being said ends here. */
  flush(): DetectorEvent | undefined {
    const state = this.#state;
    this.#state = QUIET;
    return state.kind === "speaking" ? { kind: "ended", atSample: state.lastLoudSample } : undefined;
  }

  #listen(
    state: Extract<State, { kind: "quiet" }>,
    frame: { level: number; floor: number; start: number },
  ): DetectorEvent | undefined {
    if (!isLoud(frame, LOUD_ABOVE_FLOOR_DB)) {
      this.#state = QUIET;
      return undefined;
    }
    const sinceSample = state.loudLevels.length === 0 ? frame.start : state.sinceSample;
    const loudLevels = [...state.loudLevels, frame.level].slice(-EVENNESS_FRAMES);
    if (loudLevels.length >= ONSET_FRAMES && !isEven(loudLevels)) {
      this.#state = { kind: "speaking", lastLoudSample: this.#position };
      return { kind: "started", atSample: sinceSample };
    }
    this.#state = { kind: "quiet", loudLevels, sinceSample };
    return undefined;
  }

  #follow(
    state: Extract<State, { kind: "speaking" }>,
    frame: { level: number; floor: number },
  ): DetectorEvent | undefined {
    if (isLoud(frame, STILL_LOUD_ABOVE_FLOOR_DB)) {
      this.#state = { kind: "speaking", lastLoudSample: this.#position };
      return undefined;
    }
    return this.#position - state.lastLoudSample >= this.#silenceSamples ? this.flush() : undefined;
  }
}

function isLoud(frame: { level: number; floor: number }, aboveFloorDb: number): boolean {
  return frame.level > QUIETEST_SPEECH_DBFS && frame.level > frame.floor + aboveFloorDb;
}

/** The first level is left out: its frame may hold the step from silence to noise, so it says nothing. */
function isEven([, ...levels]: readonly number[]): boolean {
  return Math.max(...levels) - Math.min(...levels) < EVEN_WITHIN_DB;
}

/** RMS of the high-passed frame in dBFS, where a full-scale square wave is 0. */
function levelOf(frame: Int16Array, state: { input: number; output: number }): number {
  let energy = 0;
  for (const sample of frame) {
    state.output = HIGH_PASS_DECAY * (state.output + sample - state.input);
    state.input = sample;
    energy += state.output * state.output;
  }
  return 10 * Math.log10(Math.max(energy / frame.length / FULL_SCALE ** 2, 1e-12));
}
