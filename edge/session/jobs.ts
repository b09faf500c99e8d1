import { botUserId } from "../../protocol/user-id.ts";
import { DailyApi } from "../daily/daily-api.ts";
import { findBotHost } from "../fleet/bot-hosts.ts";
import type { Settings } from "../settings.ts";
import type { OutsideJob, SessionRecord } from "./record.ts";

/** Nobody waits for these; they only must not hang the alarm. */
const DAILY_BUDGET_MS = 10_000;
const HOST_BUDGET_MS = 5_000;

export type JobOutcome = { ok: true } | { ok: false; why: string };

/** The jobs that call somebody who is not of the edge. */
type CallingJob = Extract<OutsideJob, { kind: "stop-bot" | "clear-room" }>;

/** Does one piece of work that is owed to the outside. All of it may be done twice. */
export async function doJob(job: CallingJob, record: SessionRecord, settings: Settings): Promise<JobOutcome> {
  switch (job.kind) {
    case "stop-bot": {
      const host = findBotHost(settings, job.hostId);
      if (!host) return { ok: false, why: "the host is no longer configured" };
      const { sessionId } = record;
      const stopped = await host.stop({ sessionId, attempt: job.attempt }, HOST_BUDGET_MS);
      return stopped.kind === "stopped" ? { ok: true } : { ok: false, why: stopped.why };
    }
    case "clear-room": {
      const daily = new DailyApi(settings.daily);
      const { name, owned } = record.room;
      const userIds = [botUserId(record.bot.attempt), record.callerId];
      const cleared = owned
        ? await daily.deleteRoom(name, DAILY_BUDGET_MS)
        : await daily.eject(name, userIds, DAILY_BUDGET_MS);
      return cleared.ok ? { ok: true } : { ok: false, why: cleared.failure.kind };
    }
  }
}
