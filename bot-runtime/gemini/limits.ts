/** How long a guarded session waits for what. Milliseconds, but for the counts. */
export interface SessionLimits {
  /** A connection that has lasted so long is a good one: earlier failures are forgotten (Pipecat's figure). */
  stableMs: number;
  /** Failures in a row after which the handle is taken for the cause (Pipecat's figure). */
  failuresWithHandle: number;
  /** And after which the service is taken for broken: connections that are made and fail at once, again and again. */
  failures: number;
  /** Longest time without a connection. */
  awayMs: number;
  /** Refusals for the quota, in a row. */
  quotaRefusals: number;
  /** How long the other side may take to answer our goodbye. */
  retireMs: number;
  /** How long a new handle is waited for after a turn. */
  handleGraceMs: number;
  /** Silence after which a sign of life is asked for, and then waited for: pongs of 8 to 30 s are reported. */
  quietMs: number;
  pongMs: number;
  /** How long an answer may be away after the user's turn. Models that think take a few seconds. */
  answerMs: number;
  /** After this at most, a connection is renewed whose way of taking turns has to change. */
  turnModeMs: number;
}

export const SESSION_LIMITS: SessionLimits = {
  stableMs: 10_000,
  failuresWithHandle: 3,
  failures: 20,
  awayMs: 60_000,
  quotaRefusals: 3,
  retireMs: 500,
  handleGraceMs: 1_000,
  quietMs: 20_000,
  pongMs: 60_000,
  answerMs: 10_000,
  turnModeMs: 2_000,
};

/** Waits before the next try, by how many have failed; the last one for all later ones. */
const BACKOFF_MS = [0, 250, 500, 1_000, 2_000, 4_000, 8_000] as const;
/** A quota is given some time, twice as much the second time. */
const QUOTA_MS = 3_000;
/** Spread, so that the bots of one host do not all come back in the same moment. */
const JITTER = 0.25;

/** @param chance from 0 up to 1 */
export function backoffMs(failures: number, chance: number): number {
  const base = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 0;
  return Math.round(base * (1 + JITTER * chance));
}

export function quotaWaitMs(refusals: number): number {
  return QUOTA_MS * 2 ** Math.max(0, refusals - 1);
}

/** When a connection is renewed by itself: wanted from here on, at the end of a turn; and at the latest. */
export function ageLimits(connectionMs: number): { wantedMs: number; latestMs: number } {
  return { wantedMs: connectionMs * 0.9, latestMs: connectionMs - Math.min(15_000, connectionMs * 0.05) };
}

/** How long before an announced end the renewal is forced, milliseconds. */
export function goAwayMarginMs(timeLeftMs: number): number {
  return Math.min(1_500, timeLeftMs / 4);
}

/** An end that is announced without a time. */
export const UNKNOWN_TIME_LEFT_MS = 5_000;
