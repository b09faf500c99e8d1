import type { EndReason } from "../../protocol/session.ts";
import { drop, letGo, owe, oweStop } from "./duties.ts";
import { type Bot, endOf, isEnded, type SessionRecord, successorOf } from "./record.ts";
import { type Effect, nothing, type SessionEvent, type Step } from "./step.ts";
import { mark } from "./timeline.ts";

/** A bot that was told to stop has this long for its last words and usage before its link is closed. */
const LINK_LINGER_MS = 2_000;
/** Bot and caller leave by themselves when a session ends; deleting the room beneath them would be an error to both. */
const ROOM_LINGER_MS = 5_000;
/** How long a transcript can be read after the end. */
const RETENTION_MS = 24 * 3_600_000;

/** Ends a living session; one that has ended stays as it ended. */
export function end(record: SessionRecord, reason: EndReason, at: number): Step {
  if (isEnded(record.life)) return nothing(record);
  const { bot } = record;
  const successor = successorOf(record);
  // With the end goes all that nobody may have who was not in the call.
  const { handle: _, relief: __, ...kept } = record;
  let ended = mark({ ...kept, life: endOf(reason, at) }, "ended", at - record.createdAt);
  // Who is in the room is put out of it as a whole.
  ended = drop(ended, "eject");
  // A linked bot hears it over the link and says when it is done; its host is only told if it does not.
  const isLinked = bot.link.kind === "open";
  const lingerMs = isLinked ? LINK_LINGER_MS : 0;
  ended = oweStop(ended, bot, at + lingerMs);
  if (isLinked) ended = owe(ended, { kind: "close-link" }, at + lingerMs);
  // It has no last words.
  if (successor) ended = oweStop(ended, successor, at);
  ended = owe(ended, { kind: "clear-room" }, at + ROOM_LINGER_MS);
  ended = owe(ended, { kind: "forget" }, at + RETENTION_MS);
  const free = letGo(ended, "user", at);
  return {
    record: free.record,
    effects: [...tell(bot, reason), ...dismissSuccessor(successor, reason), ...free.effects],
  };
}

function tell({ link }: Bot, reason: EndReason): Effect[] {
  return link.kind === "open" ? [{ kind: "send", linkId: link.id, command: { type: "stop", reason } }] : [];
}

function dismissSuccessor(successor: Bot | undefined, reason: EndReason): Effect[] {
  if (successor?.link.kind !== "open") return [];
  return [...tell(successor, reason), { kind: "close-link", linkId: successor.link.id, code: "ended" }];
}

/** The bot is gone already: nobody needs to tell it, and its link has nothing more to say. */
export function endedByBot(record: SessionRecord, reason: EndReason, at: number): Step {
  const { link } = record.bot;
  const ended = end(record, reason, at);
  const told = (effect: Effect) =>
    effect.kind === "send" && link.kind === "open" && effect.linkId === link.id;
  const jobs = ended.record.jobs.filter(
    (job) => job.kind !== "close-link" && !(job.kind === "stop-bot" && job.attempt === record.bot.attempt),
  );
  const quiet = owe({ ...ended.record, jobs }, { kind: "close-link" }, at);
  return { record: quiet, effects: ended.effects.filter((effect) => !told(effect)) };
}

/** Nobody was let in, so there is nobody to wait for. */
export function startFailed(
  record: SessionRecord,
  { reason, botHostId, at }: Extract<SessionEvent, { kind: "start-failed" }>,
): Step {
  const ended = end(record, reason, at);
  const now = {
    ...ended.record,
    jobs: ended.record.jobs.map((job) => (job.kind === "stop-bot" ? { ...job, dueAt: at } : job)),
  };
  const told = oweStop(now, { hostId: botHostId, attempt: record.lastAttempt }, at);
  return { record: owe(drop(told, "clear-room"), { kind: "clear-room" }, at), effects: ended.effects };
}
