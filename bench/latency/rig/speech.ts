import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OUTPUT_RATE_HZ, toSample } from "../../../emulators/gemini/core/pcm.ts";
import { resample } from "../../../emulators/gemini/core/resampler.ts";
import { ROOT } from "../../../scripts/steps.ts";
import { type Recording, readWav } from "../../../test/support/audio.ts";
import { MARKER_MS, makeMarker } from "../../common/marker.ts";

/** Of the bare pages' sound. */
const PAGE_RATE_HZ = 48_000;
/** The louder half of its 20 ms are words; anything below this share of the loudest is a pause. */
const WORD_SHARE = 0.2;
const STEP_MS = 20;
/** A millisecond this loud, as a share of the highest peak, is the beginning of a word. */
const ONSET_SHARE = 0.1;

/** A speaker, whose words follow a marker or stand alone. */
export class Speech {
  readonly #recording: Recording;

  /** The recording that the tests have, too. */
  static async read(): Promise<Speech> {
    return new Speech(readWav(await readFile(join(ROOT, "test/e2e/recordings/question.wav"))));
  }

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** A marker and then words, as a page says them. @param ms of both together */
  marked(number: number, ms: number): Recording {
    const marker = makeMarker(number, PAGE_RATE_HZ);
    return {
      sampleRate: PAGE_RATE_HZ,
      samples: joined(marker, this.#words(number, ms - MARKER_MS, PAGE_RATE_HZ)),
    };
  }

  /** Words and then a marker, so that it is known where they end. */
  endingMarked(number: number, ms: number): Recording {
    const marker = makeMarker(number, PAGE_RATE_HZ);
    return {
      sampleRate: PAGE_RATE_HZ,
      samples: joined(this.#words(number, ms - MARKER_MS, PAGE_RATE_HZ), marker),
    };
  }

  /** A marker and then words, as Gemini says them. */
  answer(number: number, ms: number): Int16Array {
    const marker = makeMarker(number, OUTPUT_RATE_HZ);
    return s16(joined(marker, this.#words(number, ms - MARKER_MS, OUTPUT_RATE_HZ)));
  }

  /** Words alone, which begin with their first millisecond that is loud. */
  words(seed: number, ms: number): Recording {
    return { sampleRate: PAGE_RATE_HZ, samples: fromOnset(this.#words(seed, ms, PAGE_RATE_HZ)) };
  }

  #words(seed: number, ms: number, rate: number): Float32Array {
    const { sampleRate } = this.#recording;
    const starts = this.#wordStarts(ms);
    const from = starts[seed % Math.max(1, starts.length)] ?? 0;
    const part = this.#recording.samples.subarray(from, from + Math.round((sampleRate * ms) / 1000));
    const pcm = resample(s16(part), sampleRate, rate);
    return Float32Array.from(pcm, (sample) => sample / 32_768);
  }

  /** Where a pause ends and `ms` of the recording are left, in samples. */
  #wordStarts(ms: number): number[] {
    const { sampleRate, samples } = this.#recording;
    const step = (sampleRate * STEP_MS) / 1000;
    const levels: number[] = [];
    for (let at = 0; at + step <= samples.length; at += step)
      levels.push(rms(samples.subarray(at, at + step)));
    const loudest = Math.max(...levels);
    const isWord = (index: number) => (levels[index] ?? 0) >= WORD_SHARE * loudest;
    const last = samples.length - (sampleRate * ms) / 1000;
    return levels
      .flatMap((_, index) => (isWord(index) && isWord(index + 1) && !isWord(index - 1) ? [index * step] : []))
      .filter((at) => at <= last);
  }
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

function fromOnset(samples: Float32Array): Float32Array {
  const step = PAGE_RATE_HZ / 1000;
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  let at = 0;
  while (at < samples.length && rms(samples.subarray(at, at + step)) < ONSET_SHARE * loudest) at += step;
  return samples.subarray(at);
}

function s16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, toSample);
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
