import { createLog, type LogEventBase } from "../protocol/log.ts";
import type { EndReason, Mark, SessionState } from "../protocol/session.ts";
import type { Caller } from "./callers/caller.ts";

interface OfSession {
  sessionId: string;
}

/** Everything the edge logs. Never a token, a key or what somebody said. */
export type EdgeLogEvent = LogEventBase &
  (
    | {
        event: "http.answered";
        requestId: string;
        method: string;
        /** Without its query, which may hold a ticket. */
        path: string;
        status: number;
        ms: number;
        /** The code of the problem, where it is one. */
        code?: string;
      }
    | { event: "http.broke"; requestId: string; error: string }
    | { event: "settings.refused"; problems: string[] }
    | { event: "auth.refused"; requestId: string; why: string }
    | { event: "auth.keys_failed"; requestId: string; error: string }
    | { event: "start.rate_limited"; requestId: string; caller: Caller["kind"] }
    | { event: "start.rate_unknown"; requestId: string; error: string }
    | ({
        event: "session.accepted";
        requestId: string;
        roomOwned: boolean;
        caller: Caller["kind"];
      } & OfSession)
    | ({ event: "session.started_again"; requestId: string } & OfSession)
    | ({ event: "session.changed"; from: SessionState; to: SessionState; reason?: EndReason } & OfSession)
    | ({ event: "session.marked"; mark: Mark; ms: number } & OfSession)
    | ({ event: "session.start_failed"; code: string; detail: string } & OfSession)
    | ({ event: "session.forgotten" } & OfSession)
    | ({ event: "session.alarm_failed"; error: string } & OfSession)
    | ({
        event: "session.job_failed";
        job: string;
        tries: number;
        gaveUp: boolean;
        error: string;
      } & OfSession)
    /** A bot after the session's first is looked for. `recoveries`: how often in one go a lost one was replaced. */
    | ({
        event: "bot.sent_for";
        attempt: number;
        how: "recovery" | "hand-over";
        recoveries: number;
      } & OfSession)
    | ({ event: "bot.send_failed"; attempt: number; error: string } & OfSession)
    /** Something was left of a session after its end, and was cleared up. */
    | ({ event: "session.reaped"; found: "room" | "participants"; count: number } & OfSession)
    | ({ event: "link.opened"; attempt: number; linkId: number } & OfSession)
    | ({ event: "link.closed"; attempt: number; linkId: number; code: number } & OfSession)
    | ({ event: "link.refused"; attempt: number; why: "ended" | "outdated" } & OfSession)
    | ({ event: "link.message_refused"; attempt: number; why: string } & OfSession)
    | ({ event: "events.opened"; after: number; newest: number } & OfSession)
    | ({ event: "transcript.refused"; why: "full"; chars: number } & OfSession)
    | { event: "daily.call_failed"; call: string; failure: string; status?: number; tries: number }
    | {
        event: "host.call_failed";
        hostId: string;
        call: "start" | "stop" | "health";
        failure: string;
        status?: number;
      }
    | { event: "container.awake"; hostId: string; ms: number }
    /** `error`: it ended by itself, or never ran. */
    | { event: "container.ended"; hostId: string; error?: string }
    | { event: "container.told_to_end"; hostId: string; how: "end" | "destroy" }
    | { event: "container.wake_failed" | "container.look_failed"; hostId: string; error: string }
  );

export const log = createLog<EdgeLogEvent>("edge");
