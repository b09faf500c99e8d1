import type { LogEventBase } from "../protocol/log.ts";
import type { EndReason } from "../protocol/session.ts";
import type { StrainLogEvent } from "./admission/strain.ts";
import type { GeminiLogEvent } from "./gemini-log.ts";
import type { PersonaLogEvent } from "./persona/log-events.ts";
import type { SayPurpose } from "./pipeline/frame.ts";
import type { TurnsLogEvent } from "./turns/turn-style.ts";
import type { VadLogEvent } from "./vad/log-events.ts";

interface OfSession {
  sessionId: string;
  attempt: number;
}

type Level = NonNullable<LogEventBase["level"]>;

/** What the program itself does. */
type ProgramEvent =
  | VadLogEvent
  | StrainLogEvent
  | { event: "server.listening"; url: string; capacity: number; daily: Side; gemini: Side }
  | { event: "server.draining"; active: number }
  | { event: "server.relieving"; active: number }
  | { event: "server.closed"; forMs: number }
  | { event: "server.start_failed"; detail: string }
  | { event: "server.close_failed"; detail: string }
  | { event: "request.refused"; method: string; route: string; status: number; code: string; detail: string }
  | { event: "request.abandoned"; method: string; route: string }
  | { event: "request.failed"; method: string; route: string; detail: string }
  | { event: "process.unhandled_rejection"; detail: string };

type Side = "real" | "emulated";

/** What happens in one session. Never what was said in it. */
type SessionEvent =
  | { event: "bot.started"; language: string; how?: "recovery" | "hand-over" }
  | { event: "bot.goes_on"; memory: "kept" | "retold" | "lost"; sinceStartMs: number }
  | { event: "bot.joined"; joinMs: number; sinceStartMs: number }
  | { event: "bot.join_failed"; type: string; detail: string }
  | { event: "bot.open_failed"; detail: string }
  | { event: "bot.rejoined"; awayMs: number; tries: number }
  | { event: "bot.rejoin_failed"; type: string; detail: string }
  | { event: "bot.client_joined" }
  | { event: "bot.client_left" }
  | { event: "bot.client_ready"; version: string }
  | { event: "bot.ready_overdue" }
  | { event: "bot.no_handshake" }
  | { event: "bot.says"; purpose: SayPurpose }
  | { event: "bot.first_audio"; ttfbMs: number }
  | { event: "bot.room_ended"; kind: string; detail?: string }
  | { event: "bot.processor_failed"; where: string; detail: string }
  | { event: "bot.cleanup_failed"; what: string; detail: string }
  | { event: "bot.ended"; reason: EndReason; durationMs: number; handedOver?: true }
  | GeminiLogEvent
  | PersonaLogEvent
  | TurnsLogEvent
  | { event: "greeting.overflowed" }
  | { event: "rtvi.message_cut"; type: string; chars: number }
  | { event: "rtvi.refused"; detail: string }
  | { event: "room.message_lost"; type: string }
  | { event: "link.connected"; resent: number }
  | { event: "link.lost"; code: number }
  | { event: "link.refused"; status: number }
  | { event: "link.fenced"; code: number }
  | { event: "link.silent" }
  | { event: "link.unreadable_command"; detail: string }
  | { event: "link.reports_dropped"; count: number };

/** An event of a session, before its session is named. */
export type SessionLogEvent = SessionEvent & { level?: Level };
export type BotRuntimeEvent = (ProgramEvent & { level?: Level }) | (SessionLogEvent & OfSession);
