/** Stop-band attenuation that all our filters are designed for, in dB. Speech at s16 hides what is left. */
const ATTENUATION_DB = 70;

export interface LowPassOptions {
  sampleRate: number;
  /** End of the band that passes, in Hz. */
  passHz: number;
  /** Start of the band that is removed, in Hz. */
  stopHz: number;
  /** The length is rounded up to one more than a multiple of this, so that a polyphase split is even. */
  multipleOf: number;
}

/**
 * A linear-phase low-pass filter: a sinc in a Kaiser window, with unity gain at 0 Hz and odd, symmetric taps.
 * Length and window shape by Kaiser's formulas (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3).
 */
export function designLowPass({ sampleRate, passHz, stopHz, multipleOf }: LowPassOptions): Float32Array {
  if (!(passHz > 0 && passHz < stopHz && stopHz <= sampleRate / 2)) {
    throw new RangeError(`No low-pass from ${passHz} to ${stopHz} Hz at ${sampleRate} Hz`);
  }
  const transition = (2 * Math.PI * (stopHz - passHz)) / sampleRate;
  const wanted = (ATTENUATION_DB - 8) / (2.285 * transition);
  const step = 2 * multipleOf;
  const length = Math.ceil(wanted / step) * step + 1;
  const beta = 0.1102 * (ATTENUATION_DB - 8.7);
  const cutoff = (passHz + stopHz) / sampleRate;
  const middle = (length - 1) / 2;
  const taps = Float64Array.from({ length }, (_, index) => {
    const distance = index - middle;
    const ratio = distance / middle;
    return cutoff * sinc(cutoff * distance) * besselI0(beta * Math.sqrt(1 - ratio * ratio));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return Float32Array.from(taps, (tap) => tap / sum);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
