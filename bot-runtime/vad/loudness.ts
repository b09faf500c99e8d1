/**
 * The volume of Pipecat's analyzers: loudness by ITU-R BS.1770 (K-weighted, of a single block), as 0 at -110 LUFS and
 * 1 at -10 LUFS, smoothed over windows. Its least volume for speech, 0.6, is -50 LUFS: somebody in the next room.
 */
const QUIETEST_LUFS = -110;
const LOUDEST_LUFS = -10;
/** Share of the newest window in the smoothed volume. */
const SMOOTHING = 0.2;
const SAMPLE_RATE = 16_000;

/** Smoothed volume of one speaker. */
export class Volume {
  #smoothed = 0;

  /** @param samples one window, -1 to 1, at 16 kHz. @returns the smoothed volume, 0 to 1 */
  next(samples: Float32Array): number {
    const volume = (loudness(samples) - QUIETEST_LUFS) / (LOUDEST_LUFS - QUIETEST_LUFS);
    this.#smoothed += SMOOTHING * (Math.max(0, Math.min(1, volume)) - this.#smoothed);
    return this.#smoothed;
  }

  reset(): void {
    this.#smoothed = 0;
  }
}

/** In LUFS, of a block taken by itself; -Infinity for digital silence. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  // What each filter remembers; nothing, at the beginning of a block.
  let [shelf1, shelf2, pass1, pass2] = [0, 0, 0, 0];
  for (const sample of samples) {
    const shelved = HIGH_SHELF.b0 * sample + shelf1;
    shelf1 = HIGH_SHELF.b1 * sample - HIGH_SHELF.a1 * shelved + shelf2;
    shelf2 = HIGH_SHELF.b2 * sample - HIGH_SHELF.a2 * shelved;
    const passed = HIGH_PASS.b0 * shelved + pass1;
    pass1 = HIGH_PASS.b1 * shelved - HIGH_PASS.a1 * passed + pass2;
    pass2 = HIGH_PASS.b2 * shelved - HIGH_PASS.a2 * passed;
    sum += passed * passed;
  }
  return -0.691 + 10 * Math.log10(sum / Math.max(1, samples.length));
}

/** A filter of second order: y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y''. */
interface Biquad {
  b0: number;
  b1: number;
  b2: number;
  a1: number;
  a2: number;
}

/** The two filters of the K-weighting, designed for 16 kHz as in the Audio EQ Cookbook. */
const HIGH_SHELF = highShelf({ gainDb: 4, hz: 1_500, q: Math.SQRT1_2 });
const HIGH_PASS = highPass({ hz: 38, q: 0.5 });

function highShelf({ gainDb, hz, q }: { gainDb: number; hz: number; q: number }): Biquad {
  const a = 10 ** (gainDb / 40);
  const { cos, alpha } = angles(hz, q);
  const edge = 2 * Math.sqrt(a) * alpha;
  const a0 = a + 1 - (a - 1) * cos + edge;
  return {
    b0: (a * (a + 1 + (a - 1) * cos + edge)) / a0,
    b1: (-2 * a * (a - 1 + (a + 1) * cos)) / a0,
    b2: (a * (a + 1 + (a - 1) * cos - edge)) / a0,
    a1: (2 * (a - 1 - (a + 1) * cos)) / a0,
    a2: (a + 1 - (a - 1) * cos - edge) / a0,
  };
}

function highPass({ hz, q }: { hz: number; q: number }): Biquad {
  const { cos, alpha } = angles(hz, q);
  const a0 = 1 + alpha;
  return {
    b0: (1 + cos) / 2 / a0,
    b1: -(1 + cos) / a0,
    b2: (1 + cos) / 2 / a0,
    a1: (-2 * cos) / a0,
    a2: (1 - alpha) / a0,
  };
}

function angles(hz: number, q: number): { cos: number; alpha: number } {
  const angle = (2 * Math.PI * hz) / SAMPLE_RATE;
  return { cos: Math.cos(angle), alpha: Math.sin(angle) / (2 * q) };
}
