import { findMarkers, MARKER_MS } from "../common/marker.ts";
import type { TimedSound } from "./rig/gemini-control.ts";

/** A marker at the moment at which it was said or heard, in epoch milliseconds. */
export interface TimedMarker {
  number: number;
  atMs: number;
}

/** What is later than this is another one of the same number. */
const MAX_DELAY_MS = 2_000;

/**
 * The markers in sound that came or went in pieces, each at the time of the piece that has its first sample, or its
 * last: before that piece nobody had it.
 */
export function markersIn(
  { pieces, ...sound }: TimedSound,
  { at }: { at: "beginning" | "end" } = { at: "beginning" },
): TimedMarker[] {
  const times: TimedMarker[] = [];
  let piece = 0;
  let pieceEnd = pieces[0]?.samples ?? 0;
  for (const { number, atMs } of findMarkers(sound)) {
    const placeMs = at === "beginning" ? atMs : atMs + MARKER_MS;
    const sample = Math.max(0, Math.round((placeMs * sound.sampleRate) / 1000) - (at === "end" ? 1 : 0));
    while (piece < pieces.length && sample >= pieceEnd) {
      piece += 1;
      pieceEnd += pieces[piece]?.samples ?? 0;
    }
    const timeMs = pieces[piece]?.atMs;
    if (timeMs !== undefined) times.push({ number, atMs: timeMs });
  }
  return times;
}

export interface Delays {
  /** Of each marker that was heard, in the order in which they were said. */
  ms: number[];
  /** How many were said and not heard. */
  lost: number;
}

/** How long each marker took from where it was said to where it was heard. */
export function delaysOf(said: readonly TimedMarker[], heard: readonly TimedMarker[]): Delays {
  const ms = said.flatMap(({ number, atMs }) => {
    const delays = heard.filter((one) => one.number === number).map((one) => one.atMs - atMs);
    const [first] = delays.filter((delay) => delay >= 0 && delay < MAX_DELAY_MS).toSorted((a, b) => a - b);
    return first === undefined ? [] : [first];
  });
  return { ms, lost: said.length - ms.length };
}
