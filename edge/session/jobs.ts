import { botUserId } from "../../protocol/user-id.ts";
import { DailyApi, type DailyResult } from "../daily/daily-api.ts";
import { findBotHost } from "../fleet/bot-hosts.ts";
import { log } from "../log-events.ts";
import type { Settings } from "../settings.ts";
import type { OutsideJob, SessionRecord } from "./record.ts";

/** Nobody waits for these; they only must not hang the alarm. */
const DAILY_BUDGET_MS = 10_000;
const HOST_BUDGET_MS = 5_000;
/** The next bot waits for this, and prepares meanwhile. */
const EJECT_BUDGET_MS = 2_000;
/** Older ones were put out of the room before, each in its time. */
const MAX_EJECTED = 10;

export type JobOutcome = { ok: true } | { ok: false; why: string };

/** The jobs that call somebody who is not of the edge. */
type CallingJob = Exclude<OutsideJob, { kind: "release-claim" }>;

/** Does one piece of work that is owed to the outside. All of it may be done twice. */
export async function doJob(job: CallingJob, record: SessionRecord, settings: Settings): Promise<JobOutcome> {
  const { sessionId } = record;
  const { name, owned } = record.room;
  const daily = new DailyApi(settings.daily);
  switch (job.kind) {
    case "stop-bot": {
      const host = findBotHost(settings, job.hostId);
      if (!host) return { ok: false, why: "the host is no longer configured" };
      const stopped = await host.stop({ sessionId, attempt: job.attempt }, HOST_BUDGET_MS);
      return stopped.kind === "stopped" ? { ok: true } : { ok: false, why: stopped.why };
    }
    case "eject":
      return outcomeOf(await daily.eject(name, botIds(job.upTo), EJECT_BUDGET_MS));
    case "clear-room": {
      if (owned) return outcomeOf(await daily.deleteRoom(name, DAILY_BUDGET_MS));
      const userIds = [...botIds(record.lastAttempt), record.callerId];
      const ejected = await daily.eject(name, userIds, DAILY_BUDGET_MS);
      if (ejected.ok && ejected.value > 0) reaped(sessionId, "participants", ejected.value);
      return outcomeOf(ejected);
    }
    case "reap": {
      const found = await daily.hasRoom(name, DAILY_BUDGET_MS);
      if (!found.ok || !found.value) return outcomeOf(found);
      reaped(sessionId, "room", 1);
      return outcomeOf(await daily.deleteRoom(name, DAILY_BUDGET_MS));
    }
  }
}

/** Everything is asked to go when a session ends. What had to be helped is counted. */
function reaped(sessionId: string, found: "room" | "participants", count: number): void {
  log({ event: "session.reaped", level: "warn", sessionId, found, count });
}

/** Of the newest attempts up to this one. */
function botIds(upTo: number): string[] {
  const count = Math.min(upTo, MAX_EJECTED);
  return Array.from({ length: count }, (_, index) => botUserId(upTo - index));
}

function outcomeOf(result: DailyResult<unknown>): JobOutcome {
  return result.ok ? { ok: true } : { ok: false, why: result.failure.kind };
}
