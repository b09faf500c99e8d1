import type { BotReport, LinkCommand } from "../../protocol/link.ts";
import type { EndReason, Mark, TranscriptEntry } from "../../protocol/session.ts";
import { overdue } from "./next-deadline.ts";
import {
  type Claim,
  type Duty,
  endOf,
  isEnded,
  type Job,
  type Life,
  type Link,
  type OutsideJob,
  type SessionRecord,
} from "./record.ts";

/** What happens to a session. `at` is the edge's clock in epoch milliseconds. */
export type SessionEvent =
  | { kind: "room-ready"; at: number }
  | { kind: "dispatched"; hostId: string; at: number }
  /** The start came to nothing. `botHostId` may run a bot that nobody needs now. */
  | {
      kind: "start-failed";
      reason: Extract<EndReason, "daily_failed" | "no_capacity" | "bot_lost">;
      botHostId: string | undefined;
      at: number;
    }
  | { kind: "link-opened"; linkId: number; at: number }
  | { kind: "link-closed"; linkId: number; at: number }
  | { kind: "reported"; seq: number; report: BotReport; at: number }
  | { kind: "stop-asked"; at: number }
  /** Time has passed: what is due is done. */
  | { kind: "clock"; at: number }
  | { kind: "job-done"; jobId: number; at: number }
  /** `jitter`, at random from 0 up to 1: sessions that end together, as with their host, must not call Daily together. */
  | { kind: "job-failed"; jobId: number; jitter: number; at: number };

/** What the world has to be told. The state machine itself touches nothing. */
export type Effect =
  | { kind: "send"; command: LinkCommand }
  | { kind: "close-link" }
  | { kind: "store-entry"; entry: TranscriptEntry }
  | { kind: "refuse-entry"; chars: number }
  | { kind: "do"; job: OutsideJob }
  | { kind: "forget" };

export interface Step {
  record: SessionRecord;
  effects: Effect[];
}

/** A bot that was told to stop has this long for its last words and usage before its link is closed. */
const LINK_LINGER_MS = 2_000;
/** Bot and caller leave by themselves when a session ends; deleting the room beneath them would be an error to both. */
const ROOM_LINGER_MS = 5_000;
/** How long a transcript can be read after the end. */
const RETENTION_MS = 24 * 3_600_000;
/** An hour of talk is about 60,000 characters; this is far above any real session and far below the object's limits. */
export const MAX_TRANSCRIPT_CHARS = 1_000_000;
/** An hour of lively talk has some 1,500. Without this, lines without a character would fill the object's storage. */
export const MAX_TRANSCRIPT_ENTRIES = 10_000;
/**
 * With the waits between them a job is tried for one to two minutes. A room that could not be deleted by then (Daily takes
 * two deletions a second, for all of us together) goes with its own expiry.
 */
export const MAX_JOB_FAILURES = 6;
const JOB_RETRY_MS = 2_000;
/** A session is not forgotten while something is still owed to the outside: it looks again after this long. */
const FORGET_AGAIN_MS = 60_000;

const nothing = (record: SessionRecord): Step => ({ record, effects: [] });

/** One event applied to a session: its new record, and what follows from that for the outside. */
export function next(record: SessionRecord, event: SessionEvent): Step {
  switch (event.kind) {
    case "room-ready":
      return roomReady(record, event.at);
    case "dispatched":
      return dispatched(record, event);
    case "start-failed":
      return startFailed(record, event);
    case "link-opened":
      return linkOpened(record, event.linkId);
    case "link-closed":
      return linkClosed(record, event);
    case "reported":
      return reported(record, event);
    case "stop-asked":
      return end(record, "stopped", event.at);
    case "clock":
      return clock(record, event.at);
    case "job-done":
      return jobDone(record, event);
    case "job-failed":
      return jobFailed(record, event);
  }
}

function roomReady(record: SessionRecord, at: number): Step {
  const made = mark({ ...record, room: { ...record.room, ready: true } }, "room", at - record.createdAt);
  // Stopped while the room was being made: an earlier deletion may have found nothing.
  if (isEnded(made.life)) return nothing(owe(dropDuty(made, "clear-room"), { kind: "clear-room" }, at));
  return { record: made, effects: isLinked(made) ? [{ kind: "send", command: { type: "room-ready" } }] : [] };
}

function dispatched(
  record: SessionRecord,
  { hostId, at }: Extract<SessionEvent, { kind: "dispatched" }>,
): Step {
  let known: SessionRecord = { ...record, bot: { ...record.bot, hostId } };
  known = mark(known, "dispatched", at - record.createdAt);
  // Stopped while the host was being asked: nobody has told it yet.
  return nothing(isEnded(record.life) ? oweStop(known, hostId, at) : known);
}

function startFailed(
  record: SessionRecord,
  { reason, botHostId, at }: Extract<SessionEvent, { kind: "start-failed" }>,
): Step {
  const ended = end(record, reason, at);
  const told = oweStop(dropDuty(ended.record, "stop-bot"), botHostId, at);
  // Nobody was let in, so there is nobody to wait for.
  return { record: owe(dropDuty(told, "clear-room"), { kind: "clear-room" }, at), effects: ended.effects };
}

/** The newest link counts. `linkId` is fresh, above all ids handed out so far. */
function linkOpened(record: SessionRecord, linkId: number): Step {
  const link: Link = { kind: "open", id: linkId };
  const opened: SessionRecord = { ...record, lastId: linkId, bot: { ...record.bot, link } };
  const effects: Effect[] = record.room.ready ? [{ kind: "send", command: { type: "room-ready" } }] : [];
  return { record: opened, effects };
}

/** Only the link that counts: one that was replaced closes later, and is nobody's loss. */
function linkClosed(
  record: SessionRecord,
  { linkId, at }: Extract<SessionEvent, { kind: "link-closed" }>,
): Step {
  const { link } = record.bot;
  if (link.kind !== "open" || link.id !== linkId) return nothing(record);
  const closed: SessionRecord = { ...record, bot: { ...record.bot, link: { kind: "closed", closedAt: at } } };
  return nothing(dropDuty(closed, "close-link"));
}

/** Each number once: a bot repeats what was not acknowledged when its link comes back. */
function reported(
  record: SessionRecord,
  { seq, report, at }: Extract<SessionEvent, { kind: "reported" }>,
): Step {
  if (seq <= record.bot.appliedSeq) return { record, effects: [ack(record.bot.appliedSeq)] };
  const counted: SessionRecord = { ...record, bot: { ...record.bot, appliedSeq: seq } };
  const applied = applyReport(counted, report, at);
  return { record: applied.record, effects: [...applied.effects, ack(seq)] };
}

function ack(seq: number): Effect {
  return { kind: "send", command: { type: "ack", seq } };
}

/** What a bot says after the end still counts, but cannot change how the session ended. */
function applyReport(record: SessionRecord, report: BotReport, at: number): Step {
  switch (report.kind) {
    case "mark": {
      // The bot's clock is not ours: a mark can be neither before the start nor later than now.
      const sinceAccepted = Math.min(Math.max(0, report.at - record.createdAt), at - record.createdAt);
      const marked = mark(record, report.mark, sinceAccepted);
      const isFirstJoin = report.mark === "botJoined" && marked.life.state === "starting";
      return nothing(isFirstJoin ? { ...marked, life: { state: "active" } } : marked);
    }
    case "transcript": {
      const chars = record.transcript.chars + report.entry.text.length;
      if (chars > MAX_TRANSCRIPT_CHARS || record.transcript.entries >= MAX_TRANSCRIPT_ENTRIES) {
        return { record, effects: [{ kind: "refuse-entry", chars: report.entry.text.length }] };
      }
      const entry = { ...report.entry, seq: record.transcript.entries };
      return {
        record: { ...record, transcript: { entries: entry.seq + 1, chars } },
        effects: [{ kind: "store-entry", entry }],
      };
    }
    case "usage":
      return nothing({ ...record, usage: report.usage });
    case "turns":
      return nothing({ ...record, turns: report.turns });
    case "ended":
      return endedByBot(record, report.reason, at);
  }
}

/** The bot is gone already: nobody needs to tell it, and its link has nothing more to say. */
function endedByBot(record: SessionRecord, reason: EndReason, at: number): Step {
  const ended = end(record, reason, at);
  const quiet = owe(dropDuty(dropDuty(ended.record, "stop-bot"), "close-link"), { kind: "close-link" }, at);
  return { record: quiet, effects: ended.effects.filter(({ kind }) => kind !== "send") };
}

function clock(record: SessionRecord, at: number): Step {
  const reason = overdue(record, at);
  const ended = reason ? end(record, reason, at) : nothing(record);
  const planned = postponeForget(ended.record.jobs, at);
  const due = planned.filter(({ dueAt }) => dueAt <= at);
  const effects: Effect[] = due.map((job) => {
    if (job.kind === "close-link") return { kind: "close-link" };
    return job.kind === "forget" ? { kind: "forget" } : { kind: "do", job };
  });
  // Closing a socket and wiping storage cannot fail halfway; the others stay until we hear how they went.
  const jobs = planned.filter(
    ({ kind, dueAt }) => dueAt > at || (kind !== "close-link" && kind !== "forget"),
  );
  return { record: { ...ended.record, jobs }, effects: [...ended.effects, ...effects] };
}

/** The other jobs cannot be done without the record. They are due long before, but an alarm may come very late. */
function postponeForget(jobs: Job[], at: number): Job[] {
  if (jobs.every(({ kind }) => kind === "forget")) return jobs;
  return jobs.map((job) => {
    if (job.kind !== "forget" || job.dueAt > at) return job;
    return { ...job, dueAt: at + FORGET_AGAIN_MS };
  });
}

function jobFailed(record: SessionRecord, event: Extract<SessionEvent, { kind: "job-failed" }>): Step {
  const failed = record.jobs.find(({ id }) => id === event.jobId);
  if (!failed) return nothing(record);
  const failures = failed.failures + 1;
  // Given up: what waits for it must not wait for ever.
  if (failures >= MAX_JOB_FAILURES) return jobDone(record, event);
  const dueAt = event.at + JOB_RETRY_MS * 2 ** (failures - 1) * (1 + event.jitter);
  const jobs = record.jobs.map((job) => (job === failed ? { ...job, failures, dueAt } : job));
  return nothing({ ...record, jobs });
}

function jobDone(record: SessionRecord, { jobId, at }: { jobId: number; at: number }): Step {
  const done = record.jobs.find(({ id }) => id === jobId);
  const left = { ...record, jobs: record.jobs.filter((job) => job !== done) };
  // Not before: the next session in this room would lose its bot to our clearing up.
  return done?.kind === "clear-room" ? letGo(left, "room", at) : nothing(left);
}

/** Lets go of claims at once, since the next session may be waiting for it; should that fail, it is owed. */
function letGo(record: SessionRecord, of: Claim["of"], at: number): Step {
  const kept = record.claims.filter((claim) => claim.of !== of);
  const effects: Effect[] = [];
  let after: SessionRecord = { ...record, claims: kept };
  for (const { name } of record.claims.filter((claim) => claim.of === of)) {
    after = owe(after, { kind: "release-claim", claim: name }, at + JOB_RETRY_MS);
    const job = after.jobs.at(-1);
    if (job?.kind === "release-claim") effects.push({ kind: "do", job });
  }
  return { record: after, effects };
}

/** Ends a living session; one that has ended stays as it ended. */
function end(record: SessionRecord, reason: EndReason, at: number): Step {
  if (isEnded(record.life)) return nothing(record);
  const life: Life = endOf(reason, at);
  let ended = mark({ ...record, life }, "ended", at - record.createdAt);
  // A linked bot hears it over the link and says when it is done; its host is only told if it does not.
  const lingerMs = isLinked(record) ? LINK_LINGER_MS : 0;
  ended = oweStop(ended, record.bot.hostId, at + lingerMs);
  if (isLinked(record)) ended = owe(ended, { kind: "close-link" }, at + lingerMs);
  ended = owe(ended, { kind: "clear-room" }, at + ROOM_LINGER_MS);
  ended = owe(ended, { kind: "forget" }, at + RETENTION_MS);
  const free = letGo(ended, "user", at);
  const told: Effect[] = isLinked(ended) ? [{ kind: "send", command: { type: "stop", reason } }] : [];
  return { record: free.record, effects: [...told, ...free.effects] };
}

/** The first time counts: a later attempt repeats what an earlier one has told. */
function mark(record: SessionRecord, name: Mark, sinceAcceptedMs: number): SessionRecord {
  if (record.timeline[name] !== undefined) return record;
  return { ...record, timeline: { ...record.timeline, [name]: sinceAcceptedMs } };
}

function owe(record: SessionRecord, duty: Duty, dueAt: number): SessionRecord {
  const id = record.lastId + 1;
  return { ...record, lastId: id, jobs: [...record.jobs, { ...duty, id, dueAt, failures: 0 }] };
}

function oweStop(record: SessionRecord, hostId: string | undefined, at: number): SessionRecord {
  if (hostId === undefined) return record;
  return owe(record, { kind: "stop-bot", hostId, attempt: record.bot.attempt }, at);
}

function dropDuty(record: SessionRecord, kind: Duty["kind"]): SessionRecord {
  return { ...record, jobs: record.jobs.filter((job) => job.kind !== kind) };
}

function isLinked(record: SessionRecord): boolean {
  return record.bot.link.kind === "open";
}
