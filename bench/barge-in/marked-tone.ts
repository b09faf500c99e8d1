import { MARKER_MS, makeMarker } from "../common/marker.ts";

/** Both ends of it are heard as they are: it neither grows nor fades, and a codec has nothing to guess. */
const TONE_HZ = 1_000;
const TONE_LEVEL = 0.3;

/** A marker, and a tone from there to its end, which is a hard one. @param ms of both together */
export function markedTone(of: { number: number; ms: number; sampleRate: number }): Float32Array {
  const { number, ms, sampleRate } = of;
  const marker = makeMarker(number, sampleRate);
  const from = Math.round((sampleRate * MARKER_MS) / 1000);
  return Float32Array.from({ length: Math.round((sampleRate * ms) / 1000) }, (_, index) =>
    index < from
      ? (marker[index] ?? 0)
      : TONE_LEVEL * Math.sin((2 * Math.PI * TONE_HZ * (index - from)) / sampleRate),
  );
}
