/** What tests need to know of sound: reading recordings, energy envelopes, and where a tone is heard. */

export interface Recording {
  sampleRate: number;
  samples: Float32Array;
}

const FORMAT_PCM = 1;
const FORMAT_MU_LAW = 7;

/** A mono WAV file, 16 bit or mu-law. Throws on anything else. */
export function readWav(file: Uint8Array): Recording {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let format: { code: number; channels: number; sampleRate: number } | undefined;
  for (let at = 12; at + 8 <= file.byteLength; ) {
    const name = String.fromCharCode(...file.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (name === "fmt ") {
      format = {
        code: view.getUint16(body, true),
        channels: view.getUint16(body + 2, true),
        sampleRate: view.getUint32(body + 4, true),
      };
    } else if (name === "data") {
      if (format?.channels !== 1) break;
      const data = file.subarray(body, Math.min(body + size, file.byteLength));
      if (format.code === FORMAT_MU_LAW)
        return { sampleRate: format.sampleRate, samples: Float32Array.from(data, muLaw) };
      if (format.code === FORMAT_PCM) return { sampleRate: format.sampleRate, samples: fromS16(data) };
    }
    at = body + size + (size % 2);
  }
  throw new Error("not a mono WAV file of 16 bit or mu-law samples");
}

/** One G.711 mu-law byte as a sample between -1 and 1. */
function muLaw(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84;
  return (inverted & 0x80 ? -magnitude : magnitude) / 32_768;
}

/** s16le bytes as samples between -1 and 1. */
export function fromS16(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(Math.floor(bytes.byteLength / 2));
  for (let index = 0; index < samples.length; index += 1)
    samples[index] = view.getInt16(index * 2, true) / 32_768;
  return samples;
}

export const ENVELOPE_STEP_MS = 10;

/** RMS of each 10 ms. */
export function envelope({ sampleRate, samples }: Recording): Float32Array {
  const step = (sampleRate * ENVELOPE_STEP_MS) / 1000;
  const steps = Math.floor(samples.length / step);
  const result = new Float32Array(steps);
  for (let index = 0; index < steps; index += 1) {
    let sum = 0;
    const from = Math.round(index * step);
    const to = Math.round((index + 1) * step);
    for (let at = from; at < to; at += 1) sum += (samples[at] ?? 0) ** 2;
    result[index] = Math.sqrt(sum / (to - from));
  }
  return result;
}

/** How far a jitter buffer may shift one second of speech against the rest, when it speeds up or slows down. */
const JITTER_STEPS = 6;
const SEGMENT_STEPS = 100;

/**
 * Where `pattern` fits best into `heard` (both envelopes): Pearson's r, and the place in ms. Each second of the
 * pattern may lie up to 60 ms off the place of the whole, as a receiver's jitter buffer does that with speech.
 */
export function bestMatch(pattern: Float32Array, heard: Float32Array): { correlation: number; atMs: number } {
  const whole = bestLag(pattern, heard, 0, heard.length - pattern.length);
  if (whole.lag < 0) return { correlation: -1, atMs: -1 };
  const aligned = new Float32Array(pattern.length);
  for (let from = 0; from < pattern.length; from += SEGMENT_STEPS) {
    const segment = pattern.subarray(from, from + SEGMENT_STEPS);
    const place = whole.lag + from;
    const { lag } = bestLag(segment, heard, place - JITTER_STEPS, place + JITTER_STEPS);
    aligned.set(heard.subarray(lag, lag + segment.length), from);
  }
  return { correlation: pearson(pattern, aligned), atMs: whole.lag * ENVELOPE_STEP_MS };
}

function bestLag(pattern: Float32Array, heard: Float32Array, from: number, to: number) {
  let best = { correlation: -2, lag: -1 };
  for (let lag = Math.max(0, from); lag <= Math.min(to, heard.length - pattern.length); lag += 1) {
    const correlation = pearson(pattern, heard.subarray(lag, lag + pattern.length));
    if (correlation > best.correlation) best = { correlation, lag };
  }
  return best;
}

function pearson(a: Float32Array, b: Float32Array): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let index = 0; index < a.length; index += 1) {
    const da = (a[index] ?? 0) - meanA;
    const db = (b[index] ?? 0) - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

const TONE_STEP_MS = 20;
/** A tone counts as heard when this share of a step's energy lies in its frequency ... */
const TONE_SHARE = 0.5;
/** ... and it is louder than this (RMS), about -50 dBFS. */
const TONE_FLOOR = 0.003;

/** The times in ms, in steps of 20, at which a tone of `hz` is heard. */
export function toneTimes({ sampleRate, samples }: Recording, hz: number): number[] {
  const step = Math.round((sampleRate * TONE_STEP_MS) / 1000);
  const times: number[] = [];
  for (let from = 0; from + step <= samples.length; from += step) {
    const part = samples.subarray(from, from + step);
    let energy = 0;
    let cosine = 0;
    let sine = 0;
    for (let index = 0; index < step; index += 1) {
      const sample = part[index] ?? 0;
      const phase = (2 * Math.PI * hz * index) / sampleRate;
      energy += sample * sample;
      cosine += sample * Math.cos(phase);
      sine += sample * Math.sin(phase);
    }
    const toneEnergy = (2 * (cosine * cosine + sine * sine)) / step;
    if (Math.sqrt(energy / step) > TONE_FLOOR && toneEnergy / energy > TONE_SHARE) {
      times.push((from / step) * TONE_STEP_MS);
    }
  }
  return times;
}
