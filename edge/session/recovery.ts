import type { EndReason } from "../../protocol/session.ts";
import { begin, drop, oweStop } from "./duties.ts";
import { end } from "./ending.ts";
import {
  isEnded,
  isRoomFree,
  type Life,
  newBot,
  type RecoveryStep,
  type SessionRecord,
  successorOf,
} from "./record.ts";
import { after, type Effect, nothing, type SessionEvent, type Step } from "./step.ts";

/**
 * How often a lost bot is replaced in one go. With the pauses it takes 15 to 20 s where every host says no at once: a host
 * that is started again is back by then, and nobody listens to silence for longer.
 */
export const MAX_RECOVERIES = 10;
/** While nobody has begun to talk. It takes 6 to 7 s: a caller who waits to be connected had better start anew. */
export const MAX_EARLY_RECOVERIES = 5;
/** However they go: hosts that do not answer, or bots that do not come, take longer to fail. */
export const RECOVERY_WITHIN_MS = 60_000;
/** Before the second attempt, the third, and each one after that. */
const PAUSES_MS = [500, 1_000, 2_000] as const;
const LONGEST_PAUSE_MS = 2_000;
/** A host is found within 12 s, with its container woken for it, or never; this is for an object that was reset meanwhile. */
export const DISPATCH_WITHIN_MS = 15_000;
/** From its host's yes until a bot says that it is in the room: more than slow networks take. */
export const JOIN_WITHIN_MS = 15_000;
/** A bot that stayed so long came to stay: when it is lost in its turn, that is a loss of its own. */
export const STABLE_MS = 60_000;
/** Hosts that are asked last. */
const MAX_AVOIDED = 8;

/** No step of it outlasts the whole. */
function recovering(since: number, { kind, until }: RecoveryStep): Life {
  return { state: "recovering", since, step: { kind, until: Math.min(until, since + RECOVERY_WITHIN_MS) } };
}

interface Loss {
  at: number;
  /** How the session ends if nobody can take over. */
  reason?: EndReason;
  /** A host that may run a bot of this attempt, though it did not say so. */
  unsureHostId?: string | undefined;
}

/** The present bot is lost: it is put out of everything, and another takes over. */
export function recover(record: SessionRecord, { at, reason = "bot_lost", unsureHostId }: Loss): Step {
  if (isEnded(record.life)) return nothing(record);
  const { bot, life } = record;
  const since = life.state === "recovering" ? life.since : at;
  const hasStayed = bot.joinedAt !== undefined && at - bot.joinedAt >= STABLE_MS;
  const recoveries = hasStayed ? 1 : record.recoveries + 1;
  const noted = oweStop(record, { hostId: unsureHostId, attempt: bot.attempt }, at);
  const nextAt = at + pauseMs(recoveries - 1, record.sessionId);
  if (recoveries > maxRecoveries(record) || nextAt - since >= RECOVERY_WITHIN_MS)
    return end(noted, reason, at);
  const avoid = [...(hasStayed ? [] : record.avoid), bot.hostId, unsureHostId];
  return after(dismiss(noted, at), (alone) => {
    const counted = { ...alone, recoveries, avoid: newest(avoid), usageBefore: alone.usage };
    return successorOf(counted) ? succeed(counted, { since, at }) : tryAgain(counted, { since, at, nextAt });
  });
}

function maxRecoveries({ client, timeline }: SessionRecord): number {
  const wasReady = client !== undefined || timeline.clientReady !== undefined;
  return wasReady ? MAX_RECOVERIES : MAX_EARLY_RECOVERIES;
}

function newest(hostIds: readonly (string | undefined)[]): string[] {
  return [...new Set(hostIds.filter((hostId) => hostId !== undefined))].slice(-MAX_AVOIDED);
}

/** Leaves the bot no way back into the conversation. */
function dismiss(record: SessionRecord, at: number): Step {
  const { link, attempt } = record.bot;
  const effects: Effect[] =
    link.kind === "open" ? [{ kind: "close-link", linkId: link.id, code: "outdated" }] : [];
  const stopping = oweStop(record, record.bot, at);
  // One that was never heard of is hardly in the room: it is put out before the next one is let in.
  const out = link.kind === "none" ? nothing(stopping) : eject(stopping, attempt, at);
  return { record: out.record, effects: [...effects, ...out.effects] };
}

/** Puts bots out of the room, for another one that is to come. Those that it was owed for before are among them. */
function eject(record: SessionRecord, upTo: number, at: number): Step {
  const owing = { ...drop(record, "eject"), ejectedUpTo: upTo };
  return begin(owing, { kind: "eject", upTo, awaited: true }, at);
}

/** The next attempt, now or after a pause. The one before is fenced out from this moment on. */
function tryAgain(
  record: SessionRecord,
  { since, at, nextAt }: { since: number; at: number; nextAt: number },
): Step {
  const attempt = record.lastAttempt + 1;
  const bot = newBot({ attempt, how: "recovery", told: record.transcript.entries });
  const { relief: _, ...kept } = record;
  const next: SessionRecord = { ...kept, bot, lastAttempt: attempt };
  if (nextAt === at) return dispatchBot(next, { since, at });
  return nothing({
    ...next,
    life: recovering(since, { kind: "pausing", until: nextAt }),
  });
}

/** The pause is over. */
export function pauseOver(record: SessionRecord, at: number): Step {
  const { life } = record;
  if (life.state !== "recovering" || life.step.kind !== "pausing") return nothing(record);
  return dispatchBot(record, { since: life.since, at });
}

function dispatchBot(record: SessionRecord, { since, at }: { since: number; at: number }): Step {
  const { bot, avoid } = record;
  const life = recovering(since, { kind: "dispatching", until: at + DISPATCH_WITHIN_MS });
  return { record: { ...record, life }, effects: [{ kind: "dispatch", bot, avoid, except: undefined }] };
}

/**
 * How long to wait after so many tries: up to a quarter more by the session, since those that lost their host together
 * must not all come for another at once.
 */
export function pauseMs(tries: number, sessionId: string): number {
  if (tries === 0) return 0;
  return Math.round((PAUSES_MS[tries - 1] ?? LONGEST_PAUSE_MS) * (1 + spread(sessionId) / 4));
}

/** From 0 up to 1: session ids are random, or as good as that. */
function spread(sessionId: string): number {
  let hash = 2_166_136_261;
  for (const char of sessionId) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
  return (hash >>> 0) / 4_294_967_296;
}

/** The bot that was to relieve the present one takes its place, as far as it has come. */
export function succeed(record: SessionRecord, { since, at }: { since: number; at: number }): Step {
  const { relief, ...kept } = record;
  if (!relief || relief.step.kind === "pausing") return nothing(record);
  const { bot, kind, until } = relief.step;
  const life = recovering(
    since,
    kind === "dispatching" ? { kind, until } : { kind: "joining", until: at + JOIN_WITHIN_MS },
  );
  const succeeded: SessionRecord = { ...kept, bot, life };
  return { record: succeeded, effects: letIn(succeeded) };
}

/** A host has taken the present attempt. */
export function botAccepted(
  record: SessionRecord,
  { hostId, at }: Extract<SessionEvent, { kind: "dispatched" }>,
): Step {
  const accepted = awaitJoin({ ...record, bot: { ...record.bot, hostId } }, at);
  const before = record.bot.attempt - 1;
  return before > record.ejectedUpTo ? eject(accepted, before, at) : nothing(accepted);
}

/** Nobody has to be looked for any more; now it has to come. */
export function awaitJoin(record: SessionRecord, at: number): SessionRecord {
  const { life } = record;
  if (life.state !== "recovering" || life.step.kind !== "dispatching") return record;
  return { ...record, life: recovering(life.since, { kind: "joining", until: at + JOIN_WITHIN_MS }) };
}

/** No host has taken the present attempt. */
export function botRefused(
  record: SessionRecord,
  { unsureHostId, at }: Extract<SessionEvent, { kind: "dispatch-failed" }>,
): Step {
  const { life } = record;
  const isAwaited = life.state === "recovering" && life.step.kind === "dispatching";
  return isAwaited ? recover(record, { at, unsureHostId }) : nothing(record);
}

/** Tells the present bot to join, if it can be told and the room can be joined. */
export function letIn(record: SessionRecord): Effect[] {
  const { bot, life } = record;
  if (bot.link.kind !== "open" || !isRoomFree(record)) return [];
  // What it was not sent for with: it has waited while the conversation went on.
  const from = bot.how === "hand-over" && life.state === "recovering" ? bot.told : undefined;
  return [{ kind: "let-in", linkId: bot.link.id, from }];
}
