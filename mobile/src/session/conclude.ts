import type { EndReason } from "../../../protocol/session.ts";
import type { Connection } from "../connection/connection.ts";
import { asFailure } from "../connection/failure.ts";
import type { Server } from "../settings/server.ts";
import type { EdgeApi } from "./edge-api.ts";
import { isOver } from "./messages.ts";
import { pause } from "./pause.ts";
import type { Ports } from "./ports.ts";
import type { SavedSession } from "./saved-session.ts";

export interface ConcludeOptions {
  readonly ports: Pick<Ports, "saved" | "createApi">;
  /** The state that ended the conversation. */
  readonly over: Connection;
  readonly server: Server;
  readonly session: SavedSession;
  /** Told why the service ended the session, if it says so. */
  learned(reason: EndReason): void;
}

/** How often the record is read, and how long between: a lost bot is noticed after some 3 s. */
const READS = 8;
const PAUSE_MS = 1_000;
/** How often one request is sent when no answer comes: what ended the call may be the network, which comes back. */
const TRIES = 10;

/** Sees to it that no session goes on for nobody, and learns why it ended. Never rejects. */
export async function conclude({ ports, over, server, session, learned }: ConcludeOptions): Promise<void> {
  const { sessionId } = session;
  await ports.saved.clear();
  const api = ports.createApi(server);
  try {
    if (over.phase === "ended" && over.end.by === "service") {
      if (over.end.reason !== undefined) return;
      const reason = await readReason(api, sessionId);
      if (reason !== undefined) return learned(reason);
    }
    await untilAnswered(() => api.stop(sessionId));
  } catch {
    // Without us the service ends it: nobody is in the call any more.
  }
}

/** `undefined` when the session is not over after all. */
async function readReason(api: EdgeApi, sessionId: string): Promise<EndReason | undefined> {
  for (let reads = 0; reads < READS; reads++) {
    if (reads > 0) await pause(PAUSE_MS, NEVER);
    const record = await untilAnswered(() => api.session(sessionId));
    if (isOver(record)) return record.reason;
  }
  return undefined;
}

const NEVER = new AbortController().signal;

async function untilAnswered<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; tries < TRIES; tries++) {
    try {
      return await request();
    } catch (error) {
      if (asFailure(error).kind !== "unreachable") throw error;
    }
    await pause(PAUSE_MS, NEVER);
  }
  return request();
}
