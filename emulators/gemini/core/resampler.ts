import { FULL_SCALE, toSample } from "./pcm.ts";

/** Zero crossings of the sinc on each side, at the lower of the two rates: enough for 70 dB of stopband. */
const LOBES = 16;
/** Kaiser window parameter for about 70 dB of stopband. */
const KAISER_BETA = 6.8;
/** Where the filter is 6 dB down, as a part of the lower Nyquist frequency; the rest is its transition band. */
const CUTOFF = 0.92;

/**
 * Converts s16 mono from one rate to another by a polyphase FIR (windowed sinc), as a stream: any block length,
 * no seams between blocks. Rates up to 48 kHz whose ratio is made of small numbers, such as 16 → 24 kHz (3/2).
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  /** One short filter for each of the `up` positions that an output sample can have between two input samples. */
  readonly #phases: readonly Float64Array[];
  readonly #taps: number;
  /** The newest `taps - 1` input samples of earlier blocks. */
  #history: Float64Array;
  /** Where the next output sample lies, in steps of `1 / up` input samples from the next block's start. */
  #next = 0;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    this.#taps = 2 * LOBES * Math.max(1, Math.ceil(this.#down / this.#up));
    this.#phases = designPhases(this.#up, this.#down, this.#taps);
    this.#history = new Float64Array(this.#taps - 1);
  }

  /** How late the output is, in input samples: half the filter. */
  get delaySamples(): number {
    return this.#taps / 2;
  }

  process(block: Int16Array): Int16Array {
    const input = new Float64Array(this.#history.length + block.length);
    input.set(this.#history);
    for (let i = 0; i < block.length; i++) input[this.#history.length + i] = (block[i] ?? 0) / FULL_SCALE;

    const end = block.length * this.#up;
    const output = new Int16Array(Math.max(0, Math.ceil((end - this.#next) / this.#down)));
    for (let i = 0; i < output.length; i++) {
      output[i] = toSample(this.#sampleAt(input, this.#next));
      this.#next += this.#down;
    }
    this.#next -= end;
    this.#history = input.slice(input.length - this.#history.length);
    return output;
  }

  #sampleAt(input: Float64Array, position: number): number {
    const first = Math.floor(position / this.#up);
    const filter = this.#phases[position % this.#up] ?? new Float64Array(0);
    let sum = 0;
    for (let tap = 0; tap < filter.length; tap++) sum += (filter[tap] ?? 0) * (input[first + tap] ?? 0);
    return sum;
  }
}

/** A whole recording at another rate, without the filter's delay: it starts and ends where the original does, to the sample. */
export function resample(recording: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return recording;
  const resampler = new Resampler(fromHz, toHz);
  const padded = new Int16Array(recording.length + resampler.delaySamples);
  padded.set(recording);
  const delay = Math.round((resampler.delaySamples * toHz) / fromHz);
  return resampler.process(padded).subarray(delay, delay + Math.round((recording.length * toHz) / fromHz));
}

/** The filters, each with its taps in the order of the input samples that they weigh. */
function designPhases(up: number, down: number, taps: number): Float64Array[] {
  const length = taps * up;
  const centre = length / 2;
  /** In cycles per sample of the rate `up × from`, at which the filter is designed. */
  const cutoff = (CUTOFF * 0.5) / Math.max(up, down);
  const phases = Array.from({ length: up }, () => new Float64Array(taps));
  for (let i = 0; i < length; i++) {
    const t = i - centre;
    const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
    const value = up * sinc * kaiser(t / centre);
    // An output `phase` steps after an input sample meets the prototype's taps phase, phase + up, …, newest first.
    const phase = phases[i % up];
    if (phase) phase[taps - 1 - Math.floor(i / up)] = value;
  }
  return phases;
}

/** The Kaiser window at `x` from -1 to 1. */
function kaiser(x: number): number {
  return besselI0(KAISER_BETA * Math.sqrt(Math.max(0, 1 - x * x))) / besselI0(KAISER_BETA);
}

function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
