import type { Claim, Duty, Job, SessionRecord } from "./record.ts";
import { type Effect, nothing, type SessionEvent, type Step } from "./step.ts";

/**
 * With the waits between them a job is tried for one to two minutes. A room that could not be deleted by then (Daily takes
 * two deletions a second, for all of us together) goes with its own expiry.
 */
export const MAX_JOB_FAILURES = 6;
const JOB_RETRY_MS = 2_000;
/** A session is not forgotten while something is still owed to the outside: it looks again after this long. */
const FORGET_AGAIN_MS = 60_000;
/** Longer than a bot that was cut off from us takes to notice, and than Daily takes to put everybody out. */
export const REAP_AFTER_MS = 60_000;

export function owe(record: SessionRecord, duty: Duty, dueAt: number): SessionRecord {
  const id = record.lastId + 1;
  return { ...record, lastId: id, jobs: [...record.jobs, { ...duty, id, dueAt, failures: 0 }] };
}

/** Begins it now; should that come to nothing, as when the object is reset meanwhile, it is owed. */
export function begin(record: SessionRecord, duty: Duty, at: number): Step {
  const owing = owe(record, duty, at + JOB_RETRY_MS);
  const job = owing.jobs.at(-1);
  const isOutside = job && job.kind !== "close-link" && job.kind !== "forget";
  return { record: owing, effects: isOutside ? [{ kind: "do", job }] : [] };
}

/** Has a host stop its bots up to an attempt. What it owes already is for the higher of both. */
export function oweStop(
  record: SessionRecord,
  { hostId, attempt }: { hostId: string | undefined; attempt: number },
  at: number,
): SessionRecord {
  if (hostId === undefined) return record;
  const isOwed = (job: Job) => job.kind === "stop-bot" && job.hostId === hostId;
  if (!record.jobs.some(isOwed)) return owe(record, { kind: "stop-bot", hostId, attempt }, at);
  const jobs = record.jobs.map((job) =>
    job.kind === "stop-bot" && isOwed(job) ? { ...job, attempt: Math.max(job.attempt, attempt) } : job,
  );
  return { ...record, jobs };
}

export function drop(record: SessionRecord, ...kinds: Duty["kind"][]): SessionRecord {
  return { ...record, jobs: record.jobs.filter(({ kind }) => !kinds.includes(kind)) };
}

/** What is due by now. */
export function dueJobs(record: SessionRecord, at: number): Step {
  const planned = postponeForget(record.jobs, at);
  const effects: Effect[] = planned
    .filter(({ dueAt }) => dueAt <= at)
    .map((job) => {
      if (job.kind === "close-link") return { kind: "close-links" };
      return job.kind === "forget" ? { kind: "forget" } : { kind: "do", job };
    });
  // Closing a socket and wiping storage cannot fail halfway; the others stay until we hear how they went.
  const jobs = planned.filter(
    ({ kind, dueAt }) => dueAt > at || (kind !== "close-link" && kind !== "forget"),
  );
  return { record: { ...record, jobs }, effects };
}

/** The other jobs cannot be done without the record. They are due long before, but an alarm may come very late. */
function postponeForget(jobs: Job[], at: number): Job[] {
  if (jobs.every(({ kind }) => kind === "forget")) return jobs;
  return jobs.map((job) => {
    if (job.kind !== "forget" || job.dueAt > at) return job;
    return { ...job, dueAt: at + FORGET_AGAIN_MS };
  });
}

export function jobFailed(record: SessionRecord, event: Extract<SessionEvent, { kind: "job-failed" }>): Step {
  const failed = record.jobs.find(({ id }) => id === event.jobId);
  if (!failed) return nothing(record);
  const failures = failed.failures + 1;
  // Given up: what waits for it must not wait for ever.
  if (failures >= MAX_JOB_FAILURES) return jobDone(record, event);
  const dueAt = event.at + JOB_RETRY_MS * 2 ** (failures - 1) * (1 + event.jitter);
  const jobs = record.jobs.map((job) => (job === failed ? { ...job, failures, dueAt } : job));
  return nothing({ ...record, jobs });
}

export function jobDone(record: SessionRecord, { jobId, at }: { jobId: number; at: number }): Step {
  const done = record.jobs.find(({ id }) => id === jobId);
  const left = { ...record, jobs: record.jobs.filter((job) => job !== done) };
  if (done?.kind !== "clear-room") return nothing(left);
  // A room that is not ours may be another session's by then, and its bots are called as ours were.
  const watched = left.room.owned ? owe(left, { kind: "reap" }, at + REAP_AFTER_MS) : left;
  // Not before: the next session in this room would lose its bot to our clearing up.
  return letGo(watched, "room", at);
}

/** Lets go of claims at once, since the next session may be waiting for it; should that fail, it is owed. */
export function letGo(record: SessionRecord, of: Claim["of"], at: number): Step {
  const kept = record.claims.filter((claim) => claim.of !== of);
  let step: Step = nothing({ ...record, claims: kept });
  for (const { name } of record.claims.filter((claim) => claim.of === of)) {
    const begun = begin(step.record, { kind: "release-claim", claim: name }, at);
    step = { record: begun.record, effects: [...step.effects, ...begun.effects] };
  }
  return step;
}
