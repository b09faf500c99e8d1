import type { EndReason } from "../../protocol/session.ts";
import { type Bot, isEnded, type SessionRecord, successorOf } from "./record.ts";

/** A session that no caller has joined by then is over: the caller gave up, or the bot never came. */
export const JOIN_DEADLINE_MS = 90_000;

/** What time alone brings to a living session. */
export type Due =
  | { kind: "end"; reason: EndReason }
  /** The present bot is lost. */
  | { kind: "lost" }
  /** The pause between two attempts is over. */
  | { kind: "next-attempt" }
  /** The one before the next successor is. */
  | { kind: "next-successor" }
  | { kind: "successor-lost" };

type Deadline = Due & { at: number };

function deadlines(record: SessionRecord): Deadline[] {
  if (isEnded(record.life)) return [];
  return [...ends(record), ...ofBot(record), ...ofRelief(record)];
}

function ends(record: SessionRecord): Deadline[] {
  const all: Deadline[] = [{ kind: "end", at: record.expiresAt, reason: "expired" }];
  if (record.timeline.clientJoined === undefined) {
    all.push({ kind: "end", at: record.createdAt + JOIN_DEADLINE_MS, reason: "never_joined" });
  }
  return all;
}

function ofBot(record: SessionRecord): Deadline[] {
  const { bot, life } = record;
  const all: Deadline[] = silences(record, bot).map((at) => ({ kind: "lost", at }));
  if (life.state === "recovering") {
    const { kind, until } = life.step;
    all.push({ kind: kind === "pausing" ? "next-attempt" : "lost", at: until });
  }
  // A host took the call, and nothing was ever heard of its bot.
  if (life.state === "starting" && bot.link.kind === "none" && record.timeline.dispatched !== undefined) {
    all.push({ kind: "lost", at: record.createdAt + record.timeline.dispatched + record.silentMs });
  }
  return all;
}

function ofRelief(record: SessionRecord): Deadline[] {
  const { relief, life } = record;
  if (!relief || life.state !== "active") return [];
  const { kind, until } = relief.step;
  const successor = successorOf(record);
  const all: Deadline[] = successor
    ? silences(record, successor).map((at) => ({ kind: "successor-lost", at }))
    : [];
  if (kind === "pausing") return [{ kind: "next-successor", at: until }];
  // Asked to leave and still there: it hears nothing, or cannot.
  all.push({ kind: kind === "leaving" ? "lost" : "successor-lost", at: until });
  return all;
}

/** When a bot has been out of touch for too long. */
function silences({ linkGraceMs, silentMs }: SessionRecord, { link }: Bot): number[] {
  switch (link.kind) {
    case "none":
      return [];
    case "open":
      return [link.heardAt + silentMs];
    case "closed":
      return [link.closedAt + linkGraceMs];
  }
}

/**
 * What is due by now, if anything: one thing, since it changes what comes after. An end goes before all else (nobody has
 * to be replaced in a session that is over); otherwise the earliest counts.
 */
export function overdue(record: SessionRecord, now: number): Deadline | undefined {
  const rank = ({ kind, at }: Deadline) => [kind === "end" ? 0 : 1, at] as const;
  return deadlines(record)
    .filter(({ at }) => at <= now)
    .sort((a, b) => rank(a)[0] - rank(b)[0] || a.at - b.at)[0];
}

/**
 * When the session next needs to look at itself, in epoch milliseconds; `undefined` when never. An object has
 * one alarm, so whatever is to happen later has to be seen here.
 */
export function nextDeadline(record: SessionRecord): number | undefined {
  const times = [...deadlines(record).map(({ at }) => at), ...record.jobs.map(({ dueAt }) => dueAt)];
  return times.length === 0 ? undefined : Math.min(...times);
}
