import { createLog, type LogEventBase, type Log as LogOf } from "../../protocol/log.ts";
import type { ProgramEvent } from "../common/log-events.ts";

/** Everything that the Gemini emulator logs: ids and figures, never what was said. */
type LogEvent =
  | ProgramEvent
  | (LogEventBase &
      (
        | { event: "request.failed"; level: "error"; error: string }
        /** A connection that became no session: HTTP status of the handshake, or close code after it. */
        | { event: "connection.refused"; code: number; reason: string }
        | { event: "session.opened"; sessionId: string }
        | { event: "session.ready"; sessionId: string; model: string | null; language: string | null }
        | {
            event: "session.ended";
            sessionId: string;
            /** As the emulator closed it, or else as the client did (1005: without a code, 1006: without a word). */
            code: number;
            reason: string;
            receivedAudioMs: number;
            turns: number;
          }
        | { event: "fault.applied"; sessionId: string; fault: string }
        /** Its time had come, and the session was not of a kind that it could befall. */
        | { event: "fault.impossible"; sessionId: string; fault: string }
      ));

export type Log = LogOf<LogEvent>;

/** JSON lines on standard output. */
export const log: Log = createLog<LogEvent>("gemini-emulator");
