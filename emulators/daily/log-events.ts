import { createLog, type LogEventBase, type Log as LogOf } from "../../protocol/log.ts";
import type { ProgramEvent } from "../common/log-events.ts";

/** Everything that the Daily emulator logs. Ids and names of rooms, never a token or what was said. */
type LogEvent =
  | ProgramEvent
  | (LogEventBase &
      (
        | { event: "request.failed"; level: "error"; method: string; path: string; error: string }
        | { event: "room.created"; room: string }
        | { event: "room.updated"; room: string }
        | { event: "room.deleted"; room: string }
        | { event: "emulator.reset" }
        | { event: "emulator.fault"; fault: string }
        | { event: "entry.refused"; level: "warn"; room: string; type: string }
        | { event: "participant.joined"; room: string; sessionId: string; userId: string; owner: boolean }
        | { event: "participant.resumed"; sessionId: string }
        | { event: "participant.left"; room: string; sessionId: string; stayedMs: number }
        | { event: "signalling.refused"; level: "warn"; reason: "path" | "host" | "origin" | "fault" }
        | { event: "signalling.invalid"; level: "warn"; detail: string }
        | { event: "signalling.silent"; level: "warn"; unansweredPings: number }
        | { event: "signalling.congested"; level: "warn"; bufferedBytes: number }
        | { event: "signalling.failed"; level: "error"; error: string }
      ));

export type Log = LogOf<LogEvent>;

/** JSON lines on standard output. */
export const log: Log = createLog<LogEvent>("daily-emulator");
