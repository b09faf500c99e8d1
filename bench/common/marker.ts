/**
 * A sound that carries a number: when a marker that was said at one place is heard at another, the two clocks tell
 * how long it took, and the number tells which one it was. No part of the product has a say in that.
 *
 * 40 ms of a rising tone, whose place can be found to a fraction of a millisecond though codecs, resamplers and
 * noise have been at it, then three notes of 20 ms, each one of eight: the number's upper and lower three bits and a
 * check. All of it is between 700 and 3,300 Hz, which is where codecs are at their best.
 */

/** Numbers are 0 to 63. */
export const MARKER_NUMBERS = 64;
export const MARKER_MS = 100;

const SWEEP_MS = 40;
const SWEEP_FROM_HZ = 700;
const SWEEP_TO_HZ = 3_300;
const NOTE_MS = 20;
const LOWEST_NOTE_HZ = 800;
const NOTE_STEP_HZ = 320;
/** Each part fades in and out, or it would click. */
const FADE_MS = 2;
/** Leaves room for speech that it is mixed with. */
const AMPLITUDE = 0.5;

/** The detector works at this rate: enough for 3,300 Hz, and 36 times less work than at 48 kHz. */
const DETECTOR_RATE = 8_000;
const SWEEP_SAMPLES = (DETECTOR_RATE * SWEEP_MS) / 1000;
const NOTE_SAMPLES = (DETECTOR_RATE * NOTE_MS) / 1000;
const MARKER_SAMPLES = (DETECTOR_RATE * MARKER_MS) / 1000;
/** Of each note, the edges belong to its neighbours when a jitter buffer has stretched or squeezed the sound. */
const NOTE_EDGE_SAMPLES = NOTE_SAMPLES / 8;
/**
 * How much of the energy of 40 ms has to be the rising tone's. As loud noise in the same band leaves it a half. Noise
 * alone comes this far once in 10^9, since there are a hundred independent ways to sound in 40 ms of that band.
 */
const SWEEP_SHARE = 0.2;
/** The loudest of the eight notes has to be this much stronger, in energy, than the next one. */
const NOTE_LEAD = 1.5;
/** RMS below which nothing is looked for: -66 dBFS. */
const SILENCE_RMS = 0.0005;

export interface FoundMarker {
  number: number;
  /** When its first sample came, in ms since the detector's first sample. */
  atMs: number;
  /** How pure it was: 1 is as it was made. */
  purity: number;
}

/** The marker of a number. @throws RangeError when there is none */
export function makeMarker(number: number, sampleRate: number): Float32Array {
  const length = Math.round((sampleRate * MARKER_MS) / 1000);
  const notes = notesOf(number);
  return Float32Array.from({ length }, (_, index) => AMPLITUDE * valueAt(notes, (index * 1000) / sampleRate));
}

function notesOf(number: number): [number, number, number] {
  if (!Number.isInteger(number) || number < 0 || number >= MARKER_NUMBERS) {
    throw new RangeError(`A marker's number is 0 to ${MARKER_NUMBERS - 1}, not ${number}`);
  }
  const [upper, lower] = [number >> 3, number & 7];
  return [upper, lower, checkOf(upper, lower)];
}

/** Differs for any two numbers of which one note is equal. */
function checkOf(upper: number, lower: number): number {
  return (upper + 3 * lower + 5) & 7;
}

function valueAt(notes: readonly number[], ms: number): number {
  if (ms < SWEEP_MS) return fade(ms, SWEEP_MS) * Math.sin(sweepPhase(ms / 1000));
  const inNotes = ms - SWEEP_MS;
  const note = notes[Math.floor(inNotes / NOTE_MS)];
  if (note === undefined) return 0;
  return fade(inNotes % NOTE_MS, NOTE_MS) * Math.sin((2 * Math.PI * noteHz(note) * inNotes) / 1000);
}

function fade(ms: number, lengthMs: number): number {
  const fromEdgeMs = Math.min(ms, lengthMs - ms);
  return fromEdgeMs >= FADE_MS ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * fromEdgeMs) / FADE_MS);
}

function sweepPhase(seconds: number): number {
  const rise = ((SWEEP_TO_HZ - SWEEP_FROM_HZ) * 1000) / SWEEP_MS;
  return 2 * Math.PI * (SWEEP_FROM_HZ * seconds + (rise * seconds * seconds) / 2);
}

function noteHz(note: number): number {
  return LOWEST_NOTE_HZ + note * NOTE_STEP_HZ;
}

/** Two waves a quarter apart: whatever turned the phase, the sum of both squares is the same. */
interface Template {
  cosine: Float32Array;
  sine: Float32Array;
}

function template(length: number, phaseAt: (seconds: number) => number, windowed: boolean): Template {
  const wave = (shape: (phase: number) => number) =>
    Float32Array.from({ length }, (_, index) => {
      const ms = (index * 1000) / DETECTOR_RATE;
      return (windowed ? fade(ms, SWEEP_MS) : 1) * shape(phaseAt(index / DETECTOR_RATE));
    });
  return { cosine: wave(Math.cos), sine: wave(Math.sin) };
}

const sweep = template(SWEEP_SAMPLES, sweepPhase, true);
const sweepEnergy = sweep.sine.reduce((sum, value) => sum + value * value, 0);
const noteTemplates = Array.from({ length: 8 }, (_, note) =>
  template(NOTE_SAMPLES - 2 * NOTE_EDGE_SAMPLES, (seconds) => 2 * Math.PI * noteHz(note) * seconds, false),
);

/** Energy of what looks like the template in `samples` from `from` on. */
function match({ cosine, sine }: Template, samples: Float32Array, from: number): number {
  let re = 0;
  let im = 0;
  for (let index = 0; index < cosine.length; index += 1) {
    // A typed array's element, which TypeScript takes for one that may be missing.
    const sample = samples[from + index] ?? 0;
    re += sample * (cosine[index] ?? 0);
    im += sample * (sine[index] ?? 0);
  }
  return re * re + im * im;
}

interface Candidate {
  /** Index of the sample at the detector's rate. */
  at: number;
  share: number;
}

/** Finds markers in sound as it comes. For a marker it needs the 100 ms after its beginning. */
export class MarkerDetector {
  /** Rising tones without a number that can be read. */
  unreadable = 0;
  readonly #decimator: Decimator;
  /** What may still matter, at the detector's rate. */
  #samples = new Float32Array(0);
  /** Number of the first of `#samples` since the beginning. */
  #first = 0;
  /** The sample to be looked at next as the beginning of a marker. */
  #next = 0;
  #best: Candidate | undefined;

  /** @param sampleRate a multiple of 8,000 */
  constructor(sampleRate: number) {
    this.#decimator = new Decimator(sampleRate);
  }

  /** Takes the next samples, in pieces of any length, and returns the markers that are complete with them. */
  push(samples: Float32Array): FoundMarker[] {
    // A marker may be known as one 40 ms after its beginning, and the sample before it counts too.
    const kept = this.#samples.subarray(Math.max(0, this.#next - this.#first - SWEEP_SAMPLES - 1));
    this.#first += this.#samples.length - kept.length;
    const added = this.#decimator.push(samples);
    const all = new Float32Array(kept.length + added.length);
    all.set(kept);
    all.set(added, kept.length);
    this.#samples = all;
    return [...this.#search()];
  }

  *#search(): Generator<FoundMarker> {
    const end = this.#first + this.#samples.length;
    let energy = this.#energyFrom(this.#next);
    let energyAt = this.#next;
    for (; this.#next + MARKER_SAMPLES <= end; this.#next += 1) {
      for (; energyAt < this.#next; energyAt += 1) {
        energy += this.#sample(energyAt + SWEEP_SAMPLES) ** 2 - this.#sample(energyAt) ** 2;
      }
      const share = this.#sweepShareAt(this.#next, energy);
      if (share >= SWEEP_SHARE && share > (this.#best?.share ?? 0)) this.#best = { at: this.#next, share };
      // The best place of those that overlap with it is it.
      if (this.#best === undefined || this.#next - this.#best.at < SWEEP_SAMPLES) continue;
      const found = this.#read(this.#best);
      if (found === undefined) this.unreadable += 1;
      else {
        yield found;
        this.#next = Math.max(this.#next, this.#best.at + MARKER_SAMPLES - 1);
      }
      this.#best = undefined;
    }
  }

  #sample(at: number): number {
    return this.#samples[at - this.#first] ?? 0;
  }

  /** Of the 40 ms from there on. */
  #energyFrom(at: number): number {
    let energy = 0;
    for (let place = at; place < at + SWEEP_SAMPLES; place += 1) energy += this.#sample(place) ** 2;
    return energy;
  }

  /** How much of the energy of the 40 ms from there on is the rising tone's. */
  #sweepShareAt(at: number, energy: number): number {
    if (energy < SILENCE_RMS ** 2 * SWEEP_SAMPLES) return 0;
    return match(sweep, this.#samples, at - this.#first) / (energy * sweepEnergy);
  }

  #read({ at, share }: Candidate): FoundMarker | undefined {
    const [upper, lower, check] = [0, 1, 2].map((index) => this.#noteAt(at, index));
    if (upper === undefined || lower === undefined || check !== checkOf(upper, lower)) return undefined;
    return { number: upper * 8 + lower, atMs: (this.#exactly(at) * 1000) / DETECTOR_RATE, purity: share };
  }

  /** Which of the eight it is; `undefined` when none stands out. */
  #noteAt(at: number, index: number): number | undefined {
    const from = at - this.#first + SWEEP_SAMPLES + index * NOTE_SAMPLES + NOTE_EDGE_SAMPLES;
    const energies = noteTemplates.map((one) => match(one, this.#samples, from));
    const [loudest = 0, second = 0] = energies.toSorted((a, b) => b - a);
    return loudest > NOTE_LEAD * second ? energies.indexOf(loudest) : undefined;
  }

  /** Between the samples: where the parabola through the best and its neighbours has its top. */
  #exactly(at: number): number {
    const [before, best, after] = [at - 1, at, at + 1].map((place) =>
      place < this.#first ? 0 : match(sweep, this.#samples, place - this.#first),
    );
    if (before === undefined || best === undefined || after === undefined) return at;
    const curve = before - 2 * best + after;
    return curve === 0 ? at : at + (before - after) / (2 * curve);
  }
}

/** All markers in a recording. */
export function findMarkers(recording: { sampleRate: number; samples: Float32Array }): FoundMarker[] {
  const detector = new MarkerDetector(recording.sampleRate);
  // Silence behind it: a marker that ends with the recording is complete, too.
  const silence = new Float32Array(Math.round((recording.sampleRate * 2 * MARKER_MS) / 1000));
  return [...detector.push(recording.samples), ...detector.push(silence)];
}

/** Samples of the filter for each sample that is left. */
const FILTER_LENGTH = 16;
/** Below half of the rate, with room for the filter's slope. */
const CUTOFF_HZ = 3_600;

/** Down to the detector's rate; sample n of what comes out is the moment of sample n × factor of what goes in. */
class Decimator {
  readonly #factor: number;
  readonly #taps: Float32Array;
  /** Samples that the filter still needs, the newest last; before the beginning there was silence. */
  #held: Float32Array;
  /** How many of `#held` are in front of the middle of the next sample that comes out. */
  #ahead: number;

  constructor(sampleRate: number) {
    this.#factor = sampleRate / DETECTOR_RATE;
    if (!Number.isInteger(this.#factor) || this.#factor < 1) {
      throw new RangeError(`The rate has to be a multiple of ${DETECTOR_RATE} Hz, not ${sampleRate}`);
    }
    const half = this.#factor === 1 ? 0 : (FILTER_LENGTH * this.#factor) / 2;
    this.#taps = lowPass(half, CUTOFF_HZ / sampleRate);
    this.#held = new Float32Array(half);
    this.#ahead = half;
  }

  push(samples: Float32Array): Float32Array {
    const all = new Float32Array(this.#held.length + samples.length);
    all.set(this.#held);
    all.set(samples, this.#held.length);
    const half = (this.#taps.length - 1) / 2;
    const made: number[] = [];
    let middle = this.#ahead;
    for (; middle + half < all.length; middle += this.#factor) {
      let sum = 0;
      for (let tap = 0; tap < this.#taps.length; tap += 1) {
        sum += (this.#taps[tap] ?? 0) * (all[middle - half + tap] ?? 0);
      }
      made.push(sum);
    }
    this.#held = all.slice(middle - half);
    this.#ahead = half;
    return Float32Array.from(made);
  }
}

/** A windowed sinc with `half` samples on each side of its middle; `cutoff` is a share of the sample rate. */
function lowPass(half: number, cutoff: number): Float32Array {
  if (half === 0) return Float32Array.of(1);
  const taps = Float32Array.from({ length: 2 * half + 1 }, (_, index) => {
    const x = index - half;
    const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (half + 1)));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}
