import type { TimedMarker } from "../latency/timed-markers.ts";

/** One question and what became of it. All in epoch milliseconds. */
export interface Turn {
  /** Of the question's marker and of the answer's. */
  number: number;
  /** The last sample of the question left the mouth. */
  endedAtMs: number;
  /** The first of the answer was heard. */
  heardAtMs: number;
}

/** What a turn's time is made of. Together they are all of it. */
export interface TurnParts {
  /** Until Gemini had the last sample of the question. */
  upMs: number;
  /** From there until the first sample of the answer left. */
  emulatorMs: number;
  /** From there to the ear. */
  downMs: number;
}

/**
 * The parts of each turn of which the emulator has both ends.
 * @param emulator.heard when it had the last sample of each marker
 * @param emulator.said when the first sample of each of its markers left
 */
export function partsOf(
  turns: readonly Turn[],
  emulator: { heard: readonly TimedMarker[]; said: readonly TimedMarker[] },
): TurnParts[] {
  return turns.flatMap(({ number, endedAtMs, heardAtMs }) => {
    const isOfTurn = (marker: TimedMarker) =>
      marker.number === number && marker.atMs > endedAtMs && marker.atMs < heardAtMs;
    const [arrived, left] = [emulator.heard.find(isOfTurn), emulator.said.find(isOfTurn)];
    if (arrived === undefined || left === undefined) return [];
    return [
      {
        upMs: arrived.atMs - endedAtMs,
        emulatorMs: left.atMs - arrived.atMs,
        downMs: heardAtMs - left.atMs,
      },
    ];
  });
}
