import { randomOf } from "../../test/support/random.ts";

export interface PlannedCall {
  /** Since the round's beginning. */
  startMs: number;
  talkMs: number;
}

/** Calls that overlap, come one after the other and go in any order. */
export type Round = readonly PlannedCall[];

export const CALLS_A_ROUND = 3;
const MAX_START_MS = 2_000;
const TALK_MS = { least: 2_000, most: 8_000 };

/** Round after round, without end. */
export function* planRounds(seed: number): Generator<Round> {
  const random = randomOf(seed);
  for (;;) {
    yield Array.from({ length: CALLS_A_ROUND }, () => ({
      startMs: Math.round(random() * MAX_START_MS),
      talkMs: Math.round(TALK_MS.least + random() * (TALK_MS.most - TALK_MS.least)),
    }));
  }
}
