import { pick, randomOf } from "../../support/random.ts";

/** How a call comes to its end. */
export const WAYS_TO_END = ["hang-up", "stop", "close-tab", "eject-user", "eject-bot"] as const;
export type WayToEnd = (typeof WAYS_TO_END)[number];

export interface PlannedCall {
  /** How much of the bot the user hears before saying something. */
  hearMs: number;
  sayMs: number;
  end: WayToEnd;
}

/** Calls that are under way at the same time: one, or a pair. */
export type Round = readonly [PlannedCall] | readonly [PlannedCall, PlannedCall];

const HEAR_MS = { least: 200, most: 700 };
const SAY_MS = { least: 300, most: 900 };

/** `calls` calls, in an order that the seed decides. Each way to end comes once before any comes again. */
export function planCalls({ seed, calls }: { seed: number; calls: number }): Round[] {
  const random = randomOf(seed);
  const between = ({ least, most }: { least: number; most: number }) =>
    Math.round(least + random() * (most - least));
  let left: WayToEnd[] = [];
  const call = (): PlannedCall => {
    if (left.length === 0) left = [...WAYS_TO_END];
    const end = pick(left, random);
    left = left.filter((way) => way !== end);
    return { hearMs: between(HEAR_MS), sayMs: between(SAY_MS), end };
  };
  const rounds: Round[] = [];
  for (let planned = 0; planned < calls; ) {
    // Alone and in pairs by turns: the last one is alone when the numbers do not come out even.
    const pair = rounds.length % 2 === 1 && calls - planned >= 2;
    rounds.push(pair ? [call(), call()] : [call()]);
    planned += pair ? 2 : 1;
  }
  return rounds;
}
