import type { EndReason } from "../../protocol/session.ts";
import { isEnded, type SessionRecord } from "./record.ts";

/** A session that no caller has joined by then is over: the caller gave up, or the bot never came. */
export const JOIN_DEADLINE_MS = 90_000;

interface Deadline {
  at: number;
  reason: EndReason;
}

/** Everything that ends a living session by time alone. */
function deadlines(record: SessionRecord): Deadline[] {
  if (isEnded(record.life)) return [];
  const all: Deadline[] = [{ at: record.expiresAt, reason: "expired" }];
  if (record.timeline.clientJoined === undefined) {
    all.push({ at: record.createdAt + JOIN_DEADLINE_MS, reason: "never_joined" });
  }
  const { link } = record.bot;
  if (link.kind === "closed") all.push({ at: link.closedAt + record.linkGraceMs, reason: "bot_lost" });
  return all;
}

/** Why the session is over at this time, if it is; the deadline that came first decides. */
export function overdue(record: SessionRecord, now: number): EndReason | undefined {
  return deadlines(record)
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at)[0]?.reason;
}

/**
 * When the session next needs to look at itself, in epoch milliseconds; `undefined` when never. An object has
 * one alarm, so whatever is to happen later has to be seen here.
 */
export function nextDeadline(record: SessionRecord): number | undefined {
  const times = [...deadlines(record).map(({ at }) => at), ...record.jobs.map(({ dueAt }) => dueAt)];
  return times.length === 0 ? undefined : Math.min(...times);
}
