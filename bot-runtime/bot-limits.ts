import { type BotState, joinRetryMs, type TimerName } from "./bot-state.ts";

/** How long a bot waits for what. Milliseconds. */
export interface BotLimits {
  /** For the word that the room exists. After it, the bot tries to join all the same. */
  blindJoinMs: number;
  neverJoinedMs: number;
  /** For `client-ready`, before the client is given another cause to say it; and after that. */
  readyOverdueMs: number;
  noHandshakeMs: number;
  clientGraceMs: number;
  /** Without a word of either side, before the bot asks whether anybody is there. */
  idleMs: number;
  /** For an answer to that, from when it was said. */
  idleAnswerMs: number;
  /** For its goodbye to be said, and for what it is saying at a graceful end. */
  goodbyeMs: number;
  finishMs: number;
  /** For a pause in which another bot can go on. The edge waits for 15 s. */
  yieldMs: number;
  /** For a bot whose page was lost to be in the room again; then its session is left to another bot. */
  rejoinMs: number;
  /** How long before the end it is announced, in a session of some length; and how long before it no more. */
  lastMinuteMs: number;
  lastMinuteLatestMs: number;
  lastMinuteFromMs: number;
}

export const BOT_LIMITS: BotLimits = {
  blindJoinMs: 1_500,
  neverJoinedMs: 90_000,
  readyOverdueMs: 5_000,
  noHandshakeMs: 5_000,
  clientGraceMs: 45_000,
  idleMs: 300_000,
  idleAnswerMs: 20_000,
  goodbyeMs: 15_000,
  finishMs: 10_000,
  yieldMs: 10_000,
  rejoinMs: 15_000,
  lastMinuteMs: 60_000,
  lastMinuteLatestMs: 20_000,
  lastMinuteFromMs: 180_000,
};

/** How often a pause is looked for in which the end can be announced, from when that is due. */
const PAUSE_EVERY_MS = 1_000;

export interface TimerContext {
  limits: BotLimits;
  state: BotState;
  /** Epoch milliseconds. */
  startedAt: number;
  expiresAt: number;
  now: number;
  /** Whether the end was announced. */
  announced: boolean;
}

/** For how long a timer runs that starts now; nothing if it has no use any more. */
export function durationOf(timer: TimerName, context: TimerContext): number | undefined {
  const { limits, state, expiresAt, now } = context;
  switch (timer) {
    case "blindJoin":
      return limits.blindJoinMs;
    case "joinRetry":
      return state.kind === "retrying" ? joinRetryMs(state.failedJoins) : 0;
    case "neverJoined":
      return limits.neverJoinedMs;
    case "readyOverdue":
      return limits.readyOverdueMs;
    case "noHandshake":
      return limits.noHandshakeMs;
    case "clientGrace":
      return limits.clientGraceMs;
    case "idle":
      return limits.idleMs;
    case "idleAnswer":
      return limits.idleAnswerMs;
    case "goodbye":
      return limits.goodbyeMs;
    case "finish":
      return limits.finishMs;
    case "yield":
      return limits.yieldMs;
    case "rejoin":
      return limits.rejoinMs;
    case "lastMinute":
      return untilAnnouncement(context);
    case "expiry":
      return expiresAt - now;
  }
}

function untilAnnouncement({ limits, startedAt, expiresAt, now, announced }: TimerContext) {
  const leftMs = expiresAt - now;
  if (announced || expiresAt - startedAt < limits.lastMinuteFromMs) return undefined;
  if (leftMs > limits.lastMinuteMs) return leftMs - limits.lastMinuteMs;
  return leftMs > limits.lastMinuteLatestMs ? PAUSE_EVERY_MS : undefined;
}
