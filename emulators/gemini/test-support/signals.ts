import { concat, INPUT_RATE_HZ, sampleCount, silence, toSample } from "../core/pcm.ts";

/** Test signals at 16 kHz. The same seed gives the same samples. Levels are RMS in dBFS. */

interface Signal {
  ms: number;
  levelDb?: number;
  seed?: number;
}

/** Numbers from 0 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function whiteNoise({ ms, levelDb = -35, seed = 1 }: Signal): Int16Array {
  const next = random(seed);
  return atLevel(
    Float64Array.from({ length: sampleCount(ms, INPUT_RATE_HZ) }, () => 2 * next() - 1),
    levelDb,
  );
}

/** A 1/f² rumble: traffic, wind, an air conditioner. */
export function brownNoise({ ms, levelDb = -35, seed = 1 }: Signal): Int16Array {
  const next = random(seed);
  let value = 0;
  return atLevel(
    Float64Array.from({ length: sampleCount(ms, INPUT_RATE_HZ) }, () => {
      value = 0.995 * value + 2 * next() - 1;
      return value;
    }),
    levelDb,
  );
}

/** Mains hum with its overtones. */
export function hum({ ms, levelDb = -35 }: Signal): Int16Array {
  return atLevel(
    Float64Array.from({ length: sampleCount(ms, INPUT_RATE_HZ) }, (_, i) =>
      [50, 100, 150, 250, 350].reduce(
        (sum, hz, overtone) => sum + Math.sin((2 * Math.PI * hz * i) / INPUT_RATE_HZ) / (overtone + 1),
        0,
      ),
    ),
    levelDb,
  );
}

/**
 * What energy and rhythm of speech are like: voiced syllables of 120–220 ms at a gliding pitch with an overtone
 * series that falls off, some after a burst of hiss, with a gap of 20–70 ms after each.
 */
export function speechLike({ ms, levelDb = -24, seed = 1 }: Signal): Int16Array {
  const next = random(seed);
  const samples = new Float64Array(sampleCount(ms, INPUT_RATE_HZ));
  let at = 0;
  let phase = 0;
  while (at < samples.length) {
    const length = sampleCount(120 + 100 * next(), INPUT_RATE_HZ);
    const hiss = next() < 0.4 ? sampleCount(40, INPUT_RATE_HZ) : 0;
    const loudness = 0.5 + 0.5 * next();
    const pitch = 110 + 80 * next();
    for (let i = 0; i < length && at + i < samples.length; i++) {
      const envelope = loudness * Math.sin((Math.PI * (i + 1)) / (length + 1)) ** 0.7;
      phase += (2 * Math.PI * (pitch - (20 * i) / length)) / INPUT_RATE_HZ;
      let value = i < hiss ? 2 * next() - 1 : 0;
      if (i >= hiss) value += overtones(phase);
      samples[at + i] = envelope * value;
    }
    at += length + sampleCount(20 + 50 * next(), INPUT_RATE_HZ);
  }
  return atLevel(samples, levelDb);
}

/** Twenty overtones, each as loud as its number is low. One sine for all: a second of speech has 16,000 of these. */
function overtones(phase: number): number {
  const twice = 2 * Math.cos(phase);
  let [before, sine, sum] = [0, Math.sin(phase), 0];
  for (let k = 1; k <= 20; k++) {
    sum += sine / k;
    // sin((k + 1) x) = 2 cos x sin(k x) - sin((k - 1) x)
    [before, sine] = [sine, twice * sine - before];
  }
  return sum;
}

export function mix(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => Math.max(-32_768, Math.min(32_767, sample + (b[i] ?? 0))));
}

/** Parts one after the other; a number is that many milliseconds of digital silence. */
export function sequence(...parts: (Int16Array | number)[]): Int16Array {
  return concat(parts.map((part) => (typeof part === "number" ? silence(part, INPUT_RATE_HZ) : part)));
}

function atLevel(samples: Float64Array, levelDb: number): Int16Array {
  const rms = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
  return Int16Array.from(samples, (value) => toSample((value / rms) * 10 ** (levelDb / 20)));
}
