import { drop, owe, oweStop } from "./duties.ts";
import { type Bot, isEnded, newBot, type ReliefStep, type SessionRecord, successorOf } from "./record.ts";
import { DISPATCH_WITHIN_MS, JOIN_WITHIN_MS, MAX_RECOVERIES, pauseMs, recover, succeed } from "./recovery.ts";
import { type Effect, nothing, type SessionEvent, type Step } from "./step.ts";

/** From its host's yes until a bot has everything ready to join. */
const PREPARE_WITHIN_MS = JOIN_WITHIN_MS;
/** From `hand-over` until the bot has finished its sentence and closed Gemini. */
export const LEAVE_WITHIN_MS = 15_000;
/** A bot that hands over leaves the room by itself, and its host needs no telling: this is for one that does not. */
const LEFT_AFTER_MS = 3_000;

/** The present bot asks to be relieved. Another is sent for as soon as the session is in order. */
export function relieve(record: SessionRecord, at: number): Step {
  if (isEnded(record.life) || record.relief) return nothing(record);
  const asked: SessionRecord = { ...record, relief: { tries: 0, step: { kind: "pausing", until: at } } };
  return reliefDue(asked, at);
}

/** The pause before the next successor is over. Only a bot that is in the room can be relieved. */
export function reliefDue(record: SessionRecord, at: number): Step {
  const { relief } = record;
  if (relief?.step.kind !== "pausing" || relief.step.until > at || record.life.state !== "active") {
    return nothing(record);
  }
  const attempt = record.lastAttempt + 1;
  const bot = newBot({ attempt, how: "hand-over", told: record.transcript.entries });
  const step: ReliefStep = { kind: "dispatching", bot, until: at + DISPATCH_WITHIN_MS };
  // Not the host that goes: it has one bot of a session at a time, and would end the present one for the next.
  const { hostId: except } = record.bot;
  return {
    record: { ...record, lastAttempt: attempt, relief: { tries: relief.tries + 1, step } },
    effects: [{ kind: "dispatch", bot, avoid: record.avoid, except }],
  };
}

/** A host has taken the successor. */
export function successorAccepted(
  record: SessionRecord,
  { hostId, at }: Extract<SessionEvent, { kind: "dispatched" }>,
): Step {
  return nothing(
    awaitPrepared(
      withSuccessor(record, (bot) => ({ ...bot, hostId })),
      at,
    ),
  );
}

/** Nobody has to be looked for any more; now it has to get ready. */
export function awaitPrepared(record: SessionRecord, at: number): SessionRecord {
  const { relief } = record;
  if (relief?.step.kind !== "dispatching") return record;
  const step: ReliefStep = { kind: "preparing", bot: relief.step.bot, until: at + PREPARE_WITHIN_MS };
  return { ...record, relief: { ...relief, step } };
}

/** No host has taken the successor. */
export function successorRefused(
  record: SessionRecord,
  { unsureHostId, at }: Extract<SessionEvent, { kind: "dispatch-failed" }>,
): Step {
  const { relief } = record;
  if (relief?.step.kind !== "dispatching") return nothing(record);
  const { attempt } = relief.step.bot;
  return successorLost(oweStop(record, { hostId: unsureHostId, attempt }, at), at);
}

/** The successor will not come: another is tried after a pause. The present bot goes on as long as its host lets it. */
export function successorLost(record: SessionRecord, at: number): Step {
  const { relief } = record;
  const bot = successorOf(record);
  if (!relief || !bot) return nothing(record);
  const told = oweStop(record, bot, at);
  const effects: Effect[] =
    bot.link.kind === "open" ? [{ kind: "close-link", linkId: bot.link.id, code: "outdated" }] : [];
  const { relief: _, ...alone } = told;
  if (relief.tries >= MAX_RECOVERIES) return { record: alone, effects };
  const until = at + pauseMs(relief.tries, record.sessionId);
  return {
    record: { ...alone, relief: { tries: relief.tries, step: { kind: "pausing", until } } },
    effects,
  };
}

/** The successor can join at once: the present bot is asked to leave. */
export function successorPrepared(record: SessionRecord, at: number): Step {
  const awaited = awaitPrepared(record, at);
  const { relief } = awaited;
  if (relief?.step.kind !== "preparing") return nothing(awaited);
  const step: ReliefStep = { kind: "leaving", bot: relief.step.bot, until: at + LEAVE_WITHIN_MS };
  const leaving: SessionRecord = { ...awaited, relief: { ...relief, step } };
  return { record: leaving, effects: askToLeave(leaving) };
}

/** Tells the present bot to leave, if its successor waits for that. Told again when its link comes back. */
export function askToLeave({ bot, relief }: SessionRecord): Effect[] {
  if (relief?.step.kind !== "leaving" || bot.link.kind !== "open") return [];
  return [{ kind: "send", linkId: bot.link.id, command: { type: "hand-over" } }];
}

/** The present bot has closed Gemini and leaves the room. */
export function handedOver(record: SessionRecord, at: number): Step {
  if (isEnded(record.life)) return nothing(record);
  const { bot } = record;
  // It has left, and nobody waits outside.
  if (!successorOf(record)) return recover(record, { at });
  let left = oweStop(record, bot, at + LEFT_AFTER_MS);
  left = owe(drop(left, "eject"), { kind: "eject", upTo: bot.attempt, awaited: false }, at + LEFT_AFTER_MS);
  const counted = { ...left, ejectedUpTo: bot.attempt, usageBefore: left.usage };
  const succeeded = succeed(counted, { since: at, at });
  const effects: Effect[] =
    bot.link.kind === "open" ? [{ kind: "close-link", linkId: bot.link.id, code: "outdated" }] : [];
  return { record: succeeded.record, effects: [...effects, ...succeeded.effects] };
}

export function withSuccessor(record: SessionRecord, change: (bot: Bot) => Bot): SessionRecord {
  const { relief } = record;
  if (!relief || relief.step.kind === "pausing") return record;
  return { ...record, relief: { ...relief, step: { ...relief.step, bot: change(relief.step.bot) } } };
}
