import { NO_WISHES } from "../daily/token-wishes.ts";
import type { StartCommand } from "../session/start.ts";

/** What the Worker would ask a session's object, for tests that ask it themselves: in a room that is not ours. */
export function startCommand(given: Pick<StartCommand, "sessionId"> & Partial<StartCommand>): StartCommand {
  return {
    requestId: "again",
    caller: { kind: "anonymous" },
    fingerprint: undefined,
    language: "en-US",
    voice: undefined,
    user: {},
    token: NO_WISHES,
    metadata: {},
    near: undefined,
    room: { kind: "reuse", url: "http://daily.test/room" },
    ...given,
  };
}
