/**
 * The life of a guarded session over all its connections: a pure function from a state and an event to the next state
 * and what is to be done. Every decision is here and in `session-moves.ts`; sockets, timers and words are
 * `LiveSession`'s.
 */
import { ageLimits, goAwayMarginMs, UNKNOWN_TIME_LEFT_MS } from "./limits.ts";
import type { GeminiNote, MuteStep } from "./note.ts";
import type { RuleName } from "./rules.ts";
import { connected, connecting, giveUp, lost, renewed, same } from "./session-moves.ts";
import type {
  Effect,
  Phase,
  Rotation,
  SessionContext,
  SessionEvent,
  SessionState,
  Step,
} from "./session-types.ts";
import {
  firstTurn,
  isBetweenTurns,
  type MuteEvidence,
  missedAt,
  nextTurn,
  type TurnEvent,
} from "./turn-state.ts";

export function firstState(now: number): SessionState {
  return {
    phase: { kind: "new" },
    turn: firstTurn(now),
    handle: undefined,
    failures: 0,
    quotaRefusals: 0,
    awaySince: now,
    wasLive: false,
    ask: undefined,
    strikes: 0,
  };
}

export function nextState(state: SessionState, event: SessionEvent, context: SessionContext): Step {
  if (state.phase.kind === "over") return { state, effects: [] };
  let { state: next, effects } = apply(state, event, context);
  for (let due = settle(next, context); due.state !== next; due = settle(next, context)) {
    next = due.state;
    effects = [...effects, ...due.effects];
  }
  return { state: next, effects };
}

/** When time alone changes something; epoch milliseconds. */
export function nextDeadline(
  state: SessionState,
  { now, limits, model, off }: SessionContext,
): number | undefined {
  const { phase, turn } = state;
  if (phase.kind === "new" || phase.kind === "over") return undefined;
  const times: (number | undefined)[] = [];
  if (phase.kind === "waiting" || phase.kind === "retiring") times.push(phase.until);
  if (phase.kind !== "live" && !off.has("bounded-away")) {
    times.push(state.awaySince + limits.awayMs);
  }
  if (phase.kind === "live") {
    if (state.failures + state.quotaRefusals > 0) times.push(phase.since + limits.stableMs);
    const { rotation } = phase;
    if (rotation) {
      if (mayRotate(state, off)) times.push(turn.quietSince + limits.handleGraceMs);
      if (!off.has("force-rotation")) times.push(rotation.latest);
    } else if (!off.has("rotate-before-limit"))
      times.push(phase.since + ageLimits(model.connectionMs).wantedMs);
    if (!off.has("liveness")) {
      times.push(
        phase.pingedAt === undefined ? phase.heardAt + limits.quietMs : phase.pingedAt + limits.pongMs,
      );
    }
    if (!off.has("notice-no-answer")) times.push(missedAt(turn, limits.answerMs));
  }
  // What was due has been dealt with.
  const ahead = times.flatMap((time) => (time !== undefined && time > now ? [time] : []));
  return ahead.length > 0 ? Math.min(...ahead) : undefined;
}

function apply(state: SessionState, event: SessionEvent, context: SessionContext): Step {
  const { now, off } = context;
  const { phase } = state;
  switch (event.kind) {
    case "start":
      return connecting({ ...state, handle: event.handle, awaySince: now }, now);
    case "connected":
      return phase.kind === "connecting" ? connected(state, phase, context) : same(state);
    case "lost":
      return lost(state, event.loss, context);
    case "retired":
      return phase.kind === "retiring" ? connecting(state, now) : same(state);
    case "alive":
      if (phase.kind !== "live") return same(state);
      return same({ ...state, phase: { ...phase, heardAt: now, pingedAt: undefined } });
    case "handle": {
      if (phase.kind === "retiring" && phase.fresh) return same(state);
      if (state.handle && off.has("newest-handle")) return same(state);
      return {
        state: { ...state, handle: { value: event.handle, at: now } },
        effects: [{ kind: "handle", handle: event.handle }],
      };
    }
    case "go-away": {
      const { timeLeftMs = UNKNOWN_TIME_LEFT_MS } = event;
      const note: Effect = { kind: "note", note: { kind: "go-away", timeLeftMs: event.timeLeftMs } };
      const isOpen = phase.kind === "live" || phase.kind === "connecting";
      if (!isOpen || off.has("rotate-on-go-away")) return { state, effects: [note] };
      const latest = now + timeLeftMs - goAwayMarginMs(timeLeftMs);
      return { state: rotating(state, phase, { why: "go-away", latest }), effects: [note] };
    }
    case "turn-mode": {
      // Later on it is changed once the connection is there, so that nobody can have them made at will.
      if (phase.kind === "connecting" && !state.wasLive) {
        const again = connecting(state, now);
        return { ...again, effects: [{ kind: "drop" }, ...again.effects] };
      }
      if (phase.kind !== "live") return same(state);
      const latest = now + context.limits.turnModeMs;
      return same(rotating(state, phase, { why: "turn-mode", latest }));
    }
    case "tick":
      return same(state);
    case "stop":
      return { state: { ...state, phase: { kind: "over" } }, effects: [{ kind: "drop" }] };
    default:
      return talked(state, event, context);
  }
}

/** The next thing that is due by now; the same state when nothing is. */
function settle(state: SessionState, context: SessionContext): Step {
  const { now, limits, model, off } = context;
  const { phase, turn } = state;
  if (phase.kind === "new" || phase.kind === "over") return same(state);
  if (phase.kind !== "live") {
    if (now - state.awaySince >= limits.awayMs && !off.has("bounded-away"))
      return giveUp(state, "unreachable");
    if (phase.kind === "waiting" && now >= phase.until) return connecting(state, now);
    if (phase.kind === "retiring" && now >= phase.until) {
      const next = connecting(state, now);
      return { ...next, effects: [{ kind: "drop" }, ...next.effects] };
    }
    return same(state);
  }
  const isStable = now - phase.since >= limits.stableMs && state.failures + state.quotaRefusals > 0;
  if (isStable && !off.has("forget-failures")) {
    return same({ ...state, failures: 0, quotaRefusals: 0 });
  }
  if (!off.has("liveness")) {
    if (phase.pingedAt !== undefined && now - phase.pingedAt >= limits.pongMs) {
      const next = lost(state, { kind: "silent" }, context);
      return { ...next, effects: [{ kind: "drop" }, ...next.effects] };
    }
    if (phase.pingedAt === undefined && now - phase.heardAt >= limits.quietMs) {
      return { state: { ...state, phase: { ...phase, pingedAt: now } }, effects: [{ kind: "ping" }] };
    }
  }
  const { wantedMs, latestMs } = ageLimits(model.connectionMs);
  if (!phase.rotation && now - phase.since >= wantedMs && !off.has("rotate-before-limit")) {
    return same(rotating(state, phase, { why: "limit", latest: phase.since + latestMs }));
  }
  if (phase.rotation) {
    const forced = now >= phase.rotation.latest && !off.has("force-rotation");
    const hasHandleOfTurn = state.handle !== undefined && state.handle.at >= turn.quietSince;
    const isReady = hasHandleOfTurn || now - turn.quietSince >= limits.handleGraceMs;
    if (forced || (mayRotate(state, off) && isReady)) {
      const note: GeminiNote = { kind: "rotated", why: phase.rotation.why, forced, ageMs: now - phase.since };
      return renewed(state, { note, fresh: false, ask: undefined }, context);
    }
  }
  const missed = missedAt(turn, limits.answerMs);
  if (missed !== undefined && now >= missed && !off.has("notice-no-answer")) {
    return struck(state, "no-answer", context);
  }
  return same(state);
}

function talked(state: SessionState, event: TurnEvent, context: SessionContext): Step {
  const { turn, evidence, heard } = nextTurn(state.turn, event, { ...context, struck: state.strikes > 0 });
  const next = { ...state, turn };
  if (heard && state.strikes > 0 && !context.off.has("forget-strikes")) {
    const note: Effect = { kind: "note", note: { kind: "audible-again", steps: state.strikes } };
    return { state: { ...next, strikes: 0 }, effects: [note] };
  }
  return evidence && next.phase.kind === "live" ? struck(next, evidence, context) : same(next);
}

/** The model is mute: the next step against it. */
function struck(state: SessionState, evidence: MuteEvidence, context: SessionContext): Step {
  const { now, off } = context;
  const ladder = LADDER.filter(({ rule }) => !off.has(rule)).map(({ step }) => step);
  const step = ladder[state.strikes % Math.max(1, ladder.length)] ?? "nudge";
  const note: GeminiNote = { kind: "mute", evidence, step };
  const next = { ...state, strikes: state.strikes + 1 };
  if (step === "resume" || step === "fresh") {
    return renewed(next, { note, fresh: step === "fresh", ask: "answer" }, context);
  }
  // After the last step nothing is owed any more, until somebody speaks again.
  const owed = step === "nudge" ? { since: now, sure: true } : undefined;
  return {
    state: { ...next, turn: { ...state.turn, owed } },
    effects: [{ kind: "note", note }, { kind: step }],
  };
}

const LADDER: readonly { step: MuteStep; rule: RuleName }[] = [
  { step: "nudge", rule: "nudge-first" },
  { step: "resume", rule: "resume-second" },
  { step: "fresh", rule: "fresh-third" },
  { step: "tell-client", rule: "tell-client" },
];

/** A rotation that is due earlier counts. */
function rotating(
  state: SessionState,
  phase: Extract<Phase, { kind: "connecting" | "live" }>,
  rotation: Rotation,
): SessionState {
  const sooner = phase.rotation && phase.rotation.latest <= rotation.latest ? phase.rotation : rotation;
  return { ...state, phase: { ...phase, rotation: sooner } };
}

function mayRotate({ turn }: SessionState, off: ReadonlySet<RuleName>): boolean {
  if (turn.tools > 0 && !off.has("rotate-not-during-tools")) return false;
  return isBetweenTurns(turn) || off.has("rotate-between-turns");
}
