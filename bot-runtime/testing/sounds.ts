/** Synthetic sounds at 16 kHz, as frames of 20 ms. Levels are peak amplitudes from 0 to 1. */

const RATE = 16_000;
const FRAME = 320;

type Sample = (t: number, index: number) => number;

export function frames(ms: number, sample: Sample): Int16Array[] {
  const count = Math.round(ms / 20);
  return Array.from({ length: count }, (_, frame) =>
    Int16Array.from({ length: FRAME }, (_, i) => {
      const index = frame * FRAME + i;
      return Math.round(Math.max(-1, Math.min(1, sample(index / RATE, index))) * 32_767);
    }),
  );
}

export const silence: Sample = () => 0;

export function tone(hz: number, level: number): Sample {
  return (t) => level * Math.sin(2 * Math.PI * hz * t);
}

/** The same noise for the same seed. */
export function noise(level: number, seed = 1): Sample {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return level * (state / 2 ** 31 - 1);
  };
}

/** A voice of 140 Hz with its harmonics, swelling and fading four times a second as syllables do. */
export function voice(level: number): Sample {
  return (t) => {
    const syllable = Math.sin(Math.PI * ((t * 4) % 1)) ** 0.7;
    let sum = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic += 1) {
      sum += Math.sin(2 * Math.PI * 140 * harmonic * t) / harmonic;
    }
    return level * syllable * sum * 0.5;
  };
}

export function mix(...samples: Sample[]): Sample {
  return (t, index) => samples.reduce((sum, sample) => sum + sample(t, index), 0);
}
