import type { BotReport } from "../../protocol/link.ts";
import type { EndReason, Usage } from "../../protocol/session.ts";
import { endedByBot } from "./ending.ts";
import { handedOver, relieve, successorLost, successorPrepared, withSuccessor } from "./hand-over.ts";
import { type Bot, isEnded, type SessionRecord, successorOf } from "./record.ts";
import { recover } from "./recovery.ts";
import { type Effect, nothing, type SessionEvent, type Step } from "./step.ts";
import { mark } from "./timeline.ts";

/** An hour of talk is about 60,000 characters; this is far above any real session and far below the object's limits. */
export const MAX_TRANSCRIPT_CHARS = 1_000_000;
/** An hour of lively talk has some 1,500. Without this, lines without a character would fill the object's storage. */
export const MAX_TRANSCRIPT_ENTRIES = 10_000;

type Reported = Extract<SessionEvent, { kind: "reported" }>;

/**
 * A report over the link of the present bot or its successor; over any other nobody is heard. Each number counts once: a
 * bot repeats what was not acknowledged when its link comes back.
 */
export function reported(record: SessionRecord, event: Reported): Step {
  const successor = successorOf(record);
  if (isLinkOf(record.bot, event.linkId)) {
    return once(record, { bot: record.bot, event, apply: ofBot, keep: (bot) => ({ ...record, bot }) });
  }
  if (successor && isLinkOf(successor, event.linkId)) {
    const keep = (bot: Bot) => withSuccessor(record, () => bot);
    return once(record, { bot: successor, event, apply: ofSuccessor, keep });
  }
  return nothing(record);
}

export function isLinkOf({ link }: Bot, linkId: number): boolean {
  return link.kind === "open" && link.id === linkId;
}

function once(
  record: SessionRecord,
  {
    bot,
    event,
    apply,
    keep,
  }: {
    bot: Bot;
    event: Reported;
    apply(record: SessionRecord, report: BotReport, at: number): Step;
    keep(bot: Bot): SessionRecord;
  },
): Step {
  const { seq, report, linkId, at } = event;
  const newest = Math.max(seq, bot.appliedSeq);
  // First, since a link may be closed by what it says.
  const ack: Effect = { kind: "send", linkId, command: { type: "ack", seq: newest } };
  if (seq <= bot.appliedSeq) return { record, effects: [ack] };
  const heard = keep({ ...bot, appliedSeq: seq, link: { kind: "open", id: linkId, heardAt: at } });
  const applied = apply(heard, report, at);
  return { record: applied.record, effects: [ack, ...applied.effects] };
}

/** What a bot says after the end still counts, but cannot change how the session ended. */
function ofBot(record: SessionRecord, report: BotReport, at: number): Step {
  switch (report.kind) {
    case "mark": {
      // The bot's clock is not ours: a mark can be neither before the start nor later than now.
      const sinceAccepted = Math.min(Math.max(0, report.at - record.createdAt), at - record.createdAt);
      const marked = mark(record, report.mark, sinceAccepted);
      return nothing(report.mark === "botJoined" ? joined(marked, at) : marked);
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
      return nothing({ ...record, usage: sum(record.usageBefore, report.usage) });
    case "turns":
      return nothing({ ...record, turns: report.turns });
    case "handle":
      return nothing(isEnded(record.life) ? record : { ...record, handle: report.handle });
    case "client": {
      const { kind: _, ...client } = report;
      return nothing({ ...record, client });
    }
    case "draining":
      return relieve(record, at);
    // A bot that waits for nobody to leave.
    case "prepared":
      return nothing(record);
    case "handed-over":
      return handedOver(record, at);
    case "ended":
      return isLoss(record, report.reason)
        ? recover(record, { at, reason: report.reason })
        : endedByBot(record, report.reason, at);
  }
}

function joined(record: SessionRecord, at: number): SessionRecord {
  if (isEnded(record.life)) return record;
  const { bot } = record;
  return { ...record, life: { state: "active" }, bot: { ...bot, joinedAt: bot.joinedAt ?? at } };
}

/**
 * Whether the conversation goes on without this bot. That Daily failed is most likely no matter of the bot, unless it was
 * to take over and could not come in.
 */
function isLoss({ life }: SessionRecord, reason: EndReason): boolean {
  return reason === "bot_lost" || (reason === "daily_failed" && life.state === "recovering");
}

/** Of one that is not in the room, nothing else can be true. */
function ofSuccessor(record: SessionRecord, report: BotReport, at: number): Step {
  switch (report.kind) {
    case "prepared":
      return successorPrepared(record, at);
    case "ended":
    case "draining":
      return successorLost(record, at);
    default:
      return nothing(record);
  }
}

function sum(a: Usage, b: Usage): Usage {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    responseTokens: a.responseTokens + b.responseTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  };
}
