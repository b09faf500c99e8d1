import type { LogEventBase } from "../../protocol/log.ts";

/** What every emulator's program logs of its own life. */
export type ProgramEvent = LogEventBase &
  (
    | { event: "server.listening"; url: string }
    | { event: "server.stopped"; signal: string }
    /** Closing failed; the program ends all the same. */
    | { event: "server.close_failed"; level: "error"; error: string }
  );
