/** Sounds that are no speech, made from a seed: samples at 16 kHz, about as loud as somebody who talks. */
import { randomOf } from "../../support/random.ts";

const RATE = 16_000;
/** RMS of those that go on without a pause; half-scale peaks of those that come in strokes. About -26 dBFS. */
const LEVEL = 0.05;
const PEAK = 0.5;

export const NOISES = ["white", "pink", "brown", "hum", "tone", "strings", "keys", "coughs"] as const;
export type Noise = (typeof NOISES)[number];

/** @param ms how long. The same samples for the same arguments, between -1 and 1. */
export function noise(kind: Noise, ms: number, seed: number): Float32Array {
  const random = randomOf(seed);
  const samples = new Float32Array(Math.round((ms * RATE) / 1000));
  switch (kind) {
    case "white":
      return leveled(samples.map(() => bipolar(random)));
    case "pink":
      return leveled(pink(samples, random));
    case "brown":
      return leveled(brown(samples, random));
    case "hum":
      return leveled(samples.map((_, index) => hum(index)));
    case "tone":
      return leveled(samples.map((_, index) => sine(440, index)));
    case "strings":
      return strokes(samples, random, { everyMs: [200, 600], stroke: string });
    case "keys":
      return strokes(samples, random, { everyMs: [60, 400], stroke: keyClick });
    case "coughs":
      return strokes(samples, random, { everyMs: [900, 2_500], stroke: cough });
  }
}

/** One cough: a burst of air, then breath that fades. */
export function cough(random: () => number): Float32Array {
  const length = between(random, 0.25, 0.4) * RATE;
  const burstEnds = between(random, 0.03, 0.06) * RATE;
  // The mouth lets pass less of the high frequencies the longer it lasts.
  let smoothed = 0;
  return Float32Array.from({ length: Math.round(length) }, (_, index) => {
    const opening = Math.min(1, index / (0.005 * RATE));
    const loudness = index < burstEnds ? 1 : 0.45 * Math.exp((burstEnds - index) / (0.09 * RATE));
    smoothed += (index < burstEnds ? 0.8 : 0.35) * (bipolar(random) - smoothed);
    return PEAK * opening * loudness * smoothed;
  });
}

/** White noise through Paul Kellet's economy filter, within 0.5 dB of -3 dB an octave. */
function pink(samples: Float32Array, random: () => number): Float32Array {
  let [low, middle, high] = [0, 0, 0];
  return samples.map(() => {
    const white = bipolar(random);
    low = 0.99765 * low + white * 0.099046;
    middle = 0.963 * middle + white * 0.2965164;
    high = 0.57 * high + white * 1.0526913;
    return low + middle + high + white * 0.1848;
  });
}

/** The sum of white noise, which forgets slowly so that it does not drift away. */
function brown(samples: Float32Array, random: () => number): Float32Array {
  let sum = 0;
  return samples.map(() => {
    sum = 0.998 * sum + bipolar(random);
    return sum;
  });
}

/** Mains hum with its first harmonics. */
function hum(index: number): number {
  return sine(50, index) + 0.6 * sine(100, index) + 0.4 * sine(150, index) + 0.2 * sine(250, index);
}

/** A plucked string (Karplus and Strong): noise that goes round in a loop, and is smoothed each time. */
function string(random: () => number): Float32Array {
  const hz = 110 * 2 ** (Math.floor(random() * 25) / 12);
  const loop = Float32Array.from({ length: Math.round(RATE / hz) }, () => PEAK * bipolar(random));
  return Float32Array.from({ length: RATE }, (_, index) => {
    const at = index % loop.length;
    const now = loop[at] ?? 0;
    loop[at] = 0.498 * (now + (loop[(at + 1) % loop.length] ?? 0));
    return now;
  });
}

/** A key that is pressed: a few milliseconds, with some ring of the case. */
function keyClick(random: () => number): Float32Array {
  const hz = between(random, 1_500, 4_000);
  return Float32Array.from({ length: 0.015 * RATE }, (_, index) => {
    const fading = Math.exp(-index / (0.002 * RATE));
    return PEAK * fading * (0.6 * bipolar(random) + 0.4 * sine(hz, index));
  });
}

/** One sound after the other, with pauses of random lengths from one's beginning to the next one's. */
function strokes(
  samples: Float32Array,
  random: () => number,
  { everyMs, stroke }: { everyMs: [number, number]; stroke(random: () => number): Float32Array },
): Float32Array {
  const [least, most] = everyMs;
  for (let at = 0; at < samples.length; ) {
    for (const [index, sample] of stroke(random).entries()) {
      const place = at + index;
      if (place < samples.length) samples[place] = clip((samples[place] ?? 0) + sample);
    }
    at += Math.round((between(random, least, most) * RATE) / 1000);
  }
  return samples;
}

/** The same sound at the usual RMS. */
function leveled(samples: Float32Array): Float32Array {
  const gain = LEVEL / rms(samples);
  return samples.map((sample) => clip(sample * gain));
}

export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

function clip(sample: number): number {
  return Math.max(-1, Math.min(1, sample));
}

function sine(hz: number, index: number): number {
  return Math.sin((2 * Math.PI * hz * index) / RATE);
}

function bipolar(random: () => number): number {
  return 2 * random() - 1;
}

function between(random: () => number, least: number, most: number): number {
  return least + (most - least) * random();
}
