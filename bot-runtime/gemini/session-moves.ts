/** How a guarded session goes from one connection to the next. Pure; part of `session-state.ts`. */
import { judgeClose, type Loss } from "./judge-close.ts";
import { backoffMs, quotaWaitMs } from "./limits.ts";
import type { GeminiNote, GiveUpReason } from "./note.ts";
import type { RuleName } from "./rules.ts";
import type { Ask, Effect, Phase, SessionContext, SessionState, Step } from "./session-types.ts";
import { cutOff } from "./turn-state.ts";

/** Leaves a connection that may be well for another one. */
export function renewed(
  state: SessionState,
  { note, fresh, ask }: { note: GeminiNote; fresh: boolean; ask: Ask | undefined },
  context: SessionContext,
): Step {
  const { now, limits, off } = context;
  const left = leave(state, { ask, off });
  const next: SessionState = { ...left.state, awaySince: now, ...(fresh ? { handle: undefined } : {}) };
  const effects: Effect[] = [{ kind: "note", note }, ...left.effects];
  if (off.has("close-before-resume")) {
    const made = connecting(next, now);
    return { ...made, effects: [...effects, ...made.effects] };
  }
  return {
    state: { ...next, phase: { kind: "retiring", until: now + limits.retireMs, fresh } },
    effects: [...effects, { kind: "retire" }],
  };
}

/** There is no connection any more, or still none. */
export function lost(state: SessionState, loss: Loss, context: SessionContext): Step {
  const { now, limits, off, chance } = context;
  const { phase } = state;
  if (phase.kind !== "connecting" && phase.kind !== "live") return same(state);
  const verdict = judgeClose(loss);
  const left = phase.kind === "live" ? leave(state, { ask: undefined, off }) : same(state);
  const effects = [...left.effects, ...noteOf(loss, verdict.why, state, now)];
  const end = (why: GiveUpReason): Step => {
    const over = giveUp(left.state, why);
    return { ...over, effects: [...effects, ...over.effects] };
  };
  if (verdict.kind === "give-up" && !off.has("final-reasons")) return end(verdict.why);

  const quick = phase.kind === "connecting" || now - phase.since < limits.stableMs;
  // A later loss is the first of a new series.
  const failures = quick || off.has("forget-failures") ? state.failures + 1 : 0;
  const quotaRefusals = verdict.kind === "wait" ? state.quotaRefusals + 1 : state.quotaRefusals;
  const resumed = phase.kind === "live" ? state.handle !== undefined : phase.handleAt !== undefined;
  if (
    verdict.kind === "without-handle" &&
    !resumed &&
    verdict.otherwise === "give-up" &&
    !off.has("final-reasons")
  ) {
    return end("bad-setup");
  }
  if (quotaRefusals >= limits.quotaRefusals && !off.has("bounded-quota")) return end("quota");
  if (failures >= limits.failures && !off.has("bounded-away")) return end("unstable");

  let { handle } = state;
  let delayMs = off.has("back-off") ? 0 : backoffMs(Math.max(0, failures - 1), chance);
  if (verdict.kind === "wait" && !off.has("back-off")) delayMs = quotaWaitMs(quotaRefusals);
  if (handle && verdict.kind === "without-handle" && !off.has("drop-refused-handle")) {
    handle = undefined;
    effects.push({ kind: "note", note: { kind: "handle-dropped", why: verdict.why } });
  }
  if (handle && failures >= limits.failuresWithHandle && !off.has("drop-handle-after-failures")) {
    handle = undefined;
    effects.push({ kind: "note", note: { kind: "handle-dropped", why: "failures" } });
  }
  const awaySince = phase.kind === "live" ? now : state.awaySince;
  return {
    state: {
      ...left.state,
      handle,
      failures,
      quotaRefusals,
      awaySince,
      phase: { kind: "waiting", until: now + delayMs },
    },
    effects,
  };
}

/** What was under way on a connection ends with it; what is owed stays owed. */
function leave(
  state: SessionState,
  { ask, off }: { ask: Ask | undefined; off: ReadonlySet<RuleName> },
): Step {
  const { turn } = state;
  const { model, owed, user } = turn;
  const isCut =
    model.kind === "answering" && !model.generated && !model.interrupted && (model.sound || !model.called);
  const effects: Effect[] = [];
  if (model.kind === "answering") effects.push({ kind: "end-answer", cut: isCut });
  if (isCut) effects.push({ kind: "note", note: { kind: "cut" } });
  effects.push({ kind: "away", userSpeaking: user === "speaking" });
  // A function that still runs will be told of, and answered; and so will be somebody who is speaking.
  const runs = turn.tools + turn.orphans > 0;
  const owing = runs ? undefined : isCut ? "go-on" : owed?.sure ? "answer" : undefined;
  const asked = user === "speaking" ? undefined : (ask ?? owing);
  const next = { ...state, turn: cutOff(turn), ask: off.has("ask-again") ? undefined : (asked ?? state.ask) };
  return { state: next, effects };
}

export function connecting(state: SessionState, now: number): Step {
  const { handle } = state;
  return {
    state: {
      ...state,
      phase: { kind: "connecting", since: now, handleAt: handle?.at, rotation: undefined },
    },
    effects: [{ kind: "connect", handle: handle?.value }],
  };
}

export function connected(
  state: SessionState,
  phase: Extract<Phase, { kind: "connecting" }>,
  { now, off }: SessionContext,
): Step {
  const { ask, wasLive, turn } = state;
  const since = off.has("seed-only-when-fresh") ? undefined : phase.handleAt;
  const owed = ask
    ? { since: now, sure: true }
    : turn.user === "quiet" && turn.owed
      ? { ...turn.owed, since: now }
      : turn.owed;
  return {
    state: {
      ...state,
      wasLive: true,
      ask: undefined,
      phase: { kind: "live", since: now, heardAt: now, pingedAt: undefined, rotation: phase.rotation },
      turn: { ...turn, owed, quietSince: now },
    },
    effects: [
      {
        kind: "brief",
        since,
        ask,
        first: !wasLive,
        awayMs: now - state.awaySince,
        connectMs: now - phase.since,
      },
    ],
  };
}

export function giveUp(state: SessionState, why: GiveUpReason): Step {
  return {
    state: { ...state, phase: { kind: "over" } },
    effects: [{ kind: "note", note: { kind: "gave-up", why } }, { kind: "drop" }, { kind: "fail", why }],
  };
}

function noteOf(loss: Loss, why: string, { phase }: SessionState, now: number): Effect[] {
  switch (loss.kind) {
    // Whoever tried to connect has told more than is known here.
    case "not-connected":
      return [];
    case "ended":
      return [{ kind: "note", note: { kind: "ended", end: loss.end, why } }];
    case "silent": {
      const silentMs = phase.kind === "live" ? now - phase.heardAt : 0;
      return [{ kind: "note", note: { kind: "dead", silentMs } }];
    }
  }
}

export function same(state: SessionState): Step {
  return { state, effects: [] };
}
