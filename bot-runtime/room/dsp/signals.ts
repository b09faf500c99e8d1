/** For tests: signals and what can be measured of them. */

export interface Tone {
  hz: number;
  sampleRate: number;
  samples: number;
  /** Peak, 1 is full scale. */
  level?: number;
}

export function tone({ hz, sampleRate, samples, level = 0.5 }: Tone): Float32Array {
  return Float32Array.from(
    { length: samples },
    (_, index) => level * Math.sin((2 * Math.PI * hz * index) / sampleRate),
  );
}

export function toS16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.round(sample * 32_767));
}

/** Peak of one frequency in a signal, 1 is full scale: a Goertzel filter under a Blackman-Harris window (side lobes -92 dB). */
export function levelAt(samples: Float32Array, hz: number, sampleRate: number): number {
  const omega = (2 * Math.PI * hz) / sampleRate;
  let real = 0;
  let imaginary = 0;
  let gain = 0;
  samples.forEach((sample, index) => {
    const phase = (2 * Math.PI * index) / (samples.length - 1);
    const window =
      0.35875 - 0.48829 * Math.cos(phase) + 0.14128 * Math.cos(2 * phase) - 0.01168 * Math.cos(3 * phase);
    real += window * sample * Math.cos(omega * index);
    imaginary += window * sample * Math.sin(omega * index);
    gain += window;
  });
  return (2 * Math.hypot(real, imaginary)) / gain;
}

export function decibels(ratio: number): number {
  return 20 * Math.log10(Math.max(ratio, 1e-12));
}

export function rms(samples: Float32Array | Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}

/** Small, fast, seeded: the same numbers for the same seed (mulberry32). In 0..1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
