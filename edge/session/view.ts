import type { SessionView, StopReply, TranscriptEntry } from "../../protocol/session.ts";
import { isEnded, type SessionRecord } from "./record.ts";

/** A session as its caller may see it: no token, nothing of the inside. */
export function viewOf(record: SessionRecord, transcript: TranscriptEntry[]): SessionView {
  const { life, bot } = record;
  return {
    sessionId: record.sessionId,
    state: life.state,
    ...(isEnded(life) ? { reason: life.reason, endedAt: iso(life.endedAt) } : {}),
    room: { url: record.room.url, name: record.room.name },
    language: record.language,
    createdAt: iso(record.createdAt),
    expiresAt: iso(record.expiresAt),
    bot: { ...(bot.hostId === undefined ? {} : { hostId: bot.hostId }), attempt: bot.attempt },
    timeline: record.timeline,
    transcript,
    usage: record.usage,
    ...(record.turns === undefined ? {} : { turns: record.turns }),
  };
}

export function stopReplyOf({ sessionId, life }: SessionRecord): StopReply {
  return { sessionId, state: life.state, ...(isEnded(life) ? { reason: life.reason } : {}) };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
