import { drop, dueJobs, jobDone, jobFailed, owe, oweStop } from "./duties.ts";
import { end, startFailed } from "./ending.ts";
import {
  askToLeave,
  awaitPrepared,
  reliefDue,
  successorAccepted,
  successorLost,
  successorRefused,
  withSuccessor,
} from "./hand-over.ts";
import { overdue } from "./next-deadline.ts";
import { type Bot, isEnded, isRoomFree, type Link, type SessionRecord, successorOf } from "./record.ts";
import { awaitJoin, botAccepted, botRefused, letIn, pauseOver, recover } from "./recovery.ts";
import { isLinkOf, reported } from "./reports.ts";
import { after, nothing, type SessionEvent, type Step } from "./step.ts";
import { mark } from "./timeline.ts";

/**
 * A loss that is noticed so much later than it was due says that we were away ourselves, as while the edge is started
 * again: bots could not come back to us, so their grace begins once more.
 */
const AWAY_MS = 2_000;

/** One event applied to a session: its new record, and what follows from that for the outside. */
export function next(record: SessionRecord, event: SessionEvent): Step {
  switch (event.kind) {
    case "room-ready":
      return roomReady(record, event.at);
    case "dispatched":
      return dispatched(record, event);
    case "dispatch-failed":
      return dispatchFailed(record, event);
    case "start-failed":
      return startFailed(record, event);
    case "link-opened":
      return linkOpened(record, event);
    case "link-heard":
      return nothing(onLink(record, event.linkId, (link) => ({ ...link, heardAt: event.at })));
    case "link-closed":
      return linkClosed(record, event);
    case "reported":
      return reported(record, event);
    case "stop-asked":
      return end(record, "stopped", event.at);
    case "clock":
      return clock(record, event.at);
    case "job-done":
      return jobOver(record, jobDone(record, event));
    case "job-failed":
      return jobOver(record, jobFailed(record, event));
  }
}

function roomReady(record: SessionRecord, at: number): Step {
  const made = mark({ ...record, room: { ...record.room, ready: true } }, "room", at - record.createdAt);
  // Stopped while the room was being made: an earlier deletion may have found nothing.
  if (isEnded(made.life)) return nothing(owe(drop(made, "clear-room"), { kind: "clear-room" }, at));
  return { record: made, effects: letIn(made) };
}

function dispatched(record: SessionRecord, event: Extract<SessionEvent, { kind: "dispatched" }>): Step {
  const { attempt, hostId, at } = event;
  const known = mark(record, "dispatched", at - record.createdAt);
  // Stopped while the host was being asked: nobody has told it yet.
  if (isEnded(record.life)) {
    const bot = attempt === record.bot.attempt ? { ...known.bot, hostId } : known.bot;
    return nothing(oweStop({ ...known, bot }, { hostId, attempt }, at));
  }
  if (attempt === record.bot.attempt) return botAccepted(known, event);
  if (attempt === successorOf(record)?.attempt) return successorAccepted(known, event);
  // It was given up meanwhile.
  return nothing(oweStop(known, { hostId, attempt }, at));
}

function dispatchFailed(
  record: SessionRecord,
  event: Extract<SessionEvent, { kind: "dispatch-failed" }>,
): Step {
  const { attempt, unsureHostId, at } = event;
  if (!isEnded(record.life)) {
    if (attempt === record.bot.attempt) return botRefused(record, event);
    if (attempt === successorOf(record)?.attempt) return successorRefused(record, event);
  }
  return nothing(oweStop(record, { hostId: unsureHostId, attempt }, at));
}

/**
 * The newest link of the present bot counts, or of its successor; of any other it is refused. `linkId` is fresh, above
 * all ids handed out so far.
 */
function linkOpened(
  record: SessionRecord,
  { attempt, linkId, at }: Extract<SessionEvent, { kind: "link-opened" }>,
): Step {
  const link: Link = { kind: "open", id: linkId, heardAt: at };
  const counted: SessionRecord = { ...record, lastId: linkId };
  if (attempt === record.bot.attempt && !isEnded(record.life)) {
    const opened = awaitJoin({ ...counted, bot: { ...record.bot, link } }, at);
    return { record: opened, effects: [...letIn(opened), ...askToLeave(opened)] };
  }
  if (attempt === successorOf(record)?.attempt) {
    return nothing(
      awaitPrepared(
        withSuccessor(counted, (bot) => ({ ...bot, link })),
        at,
      ),
    );
  }
  return { record: counted, effects: [{ kind: "close-link", linkId, code: "outdated" }] };
}

/** Only the links that count: one that was replaced closes later, and is nobody's loss. */
function linkClosed(
  record: SessionRecord,
  { linkId, at }: Extract<SessionEvent, { kind: "link-closed" }>,
): Step {
  const closed = onLink(record, linkId, () => ({ kind: "closed", closedAt: at }));
  return nothing(isLinkOf(record.bot, linkId) ? drop(closed, "close-link") : closed);
}

function onLink(
  record: SessionRecord,
  linkId: number,
  change: (link: Extract<Link, { kind: "open" }>) => Link,
): SessionRecord {
  const changed = (bot: Bot): Bot =>
    bot.link.kind === "open" && bot.link.id === linkId ? { ...bot, link: change(bot.link) } : bot;
  const successor = successorOf(record);
  if (isLinkOf(record.bot, linkId)) return { ...record, bot: changed(record.bot) };
  return successor && isLinkOf(successor, linkId) ? withSuccessor(record, changed) : record;
}

/** The alarm comes again for what else is due: each thing changes what comes after it. */
function clock(record: SessionRecord, at: number): Step {
  return after(ofTime(record, at), (later) => dueJobs(later, at));
}

function ofTime(record: SessionRecord, at: number): Step {
  const due = overdue(record, at);
  switch (due?.kind) {
    case undefined:
      return nothing(record);
    case "end":
      return end(record, due.reason, at);
    case "lost":
      return forgiven(record, { dueAt: due.at, at }) ?? recover(record, { at });
    case "next-attempt":
      return pauseOver(record, at);
    case "next-successor":
      return reliefDue(record, at);
    case "successor-lost":
      return successorLost(record, at);
  }
}

function forgiven(record: SessionRecord, { dueAt, at }: { dueAt: number; at: number }): Step | undefined {
  const { link } = record.bot;
  if (link.kind !== "closed" || link.isForgiven || at - dueAt < AWAY_MS) return undefined;
  return nothing({
    ...record,
    bot: { ...record.bot, link: { kind: "closed", closedAt: at, isForgiven: true } },
  });
}

/** Whoever waited for it to be over is let in. */
function jobOver(before: SessionRecord, over: Step): Step {
  if (isEnded(over.record.life) || isRoomFree(before) || !isRoomFree(over.record)) return over;
  return { record: over.record, effects: [...over.effects, ...letIn(over.record)] };
}
