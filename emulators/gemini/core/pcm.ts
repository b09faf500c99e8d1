/** All audio is s16 mono. Little-endian on the wire, which is what every platform that Node runs on has in memory. */

/** What Gemini Live hears. */
export const INPUT_RATE_HZ = 16_000;
/** What it speaks. */
export const OUTPUT_RATE_HZ = 24_000;

export const FULL_SCALE = 32_768;

/** Bytes on the wire as samples. `undefined` when the last sample is cut in half. */
export function samplesOf(bytes: Uint8Array): Int16Array | undefined {
  if (bytes.byteLength % 2 !== 0) return undefined;
  // Copied: the bytes may lie at an odd offset of a pooled buffer, where no Int16Array can be laid over them.
  const samples = new Int16Array(bytes.byteLength / 2);
  new Uint8Array(samples.buffer).set(bytes);
  return samples;
}

export function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

export function durationMs(sampleCount: number, rateHz: number): number {
  return (sampleCount * 1000) / rateHz;
}

export function sampleCount(ms: number, rateHz: number): number {
  return Math.round((ms * rateHz) / 1000);
}

export function silence(ms: number, rateHz: number): Int16Array {
  return new Int16Array(sampleCount(ms, rateHz));
}

export function concat(parts: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A float sample (full scale is 1) as s16, clipped rather than wrapped around. */
export function toSample(value: number): number {
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(value * FULL_SCALE)));
}
