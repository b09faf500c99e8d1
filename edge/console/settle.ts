import type { SessionView } from "../../protocol/session.ts";
import type { EdgeApi } from "./edge-api.ts";
import { asFailure } from "./failure.ts";
import type { Outcome } from "./state.ts";

export interface SettleOptions {
  api: Pick<EdgeApi, "session" | "stop">;
  sessionId: string;
  /**
   * Whether this side ended the call, so that the session has to be stopped. Otherwise the session is given time
   * to find out why its bot left: a stop at once would hide the reason.
   */
  stop: boolean;
  /** Told of every record that was read. */
  seen?(view: SessionView): void;
}

/** How often the record is read, and how long between: a lost bot is noticed after some 3 s. */
const READS = 8;
const PAUSE_MS = 1_000;
/** While another bot is looked for, which takes up to 20 s where there is none. */
const RECOVERY_READS = 30;
/** How often one request is sent when no answer comes: what ended the call may be the network, which comes back. */
const TRIES = 10;

/**
 * Sees to it that the session of a finished call is over, and tells what became of it. Never rejects, and takes
 * at most `RECOVERY_READS` pauses and a few requests, each with at most `TRIES` pauses and a time limit of its own.
 */
export async function settle({ api, sessionId, stop, seen }: SettleOptions): Promise<Outcome> {
  const read = async () => {
    const view = await untilAnswered(() => api.session(sessionId));
    seen?.(view);
    return view;
  };
  const end = () => untilAnswered(() => api.stop(sessionId));
  try {
    if (stop) await end();
    const view = await readUntilOver(read);
    if (isOver(view)) return outcomeOf(view);
    // Nobody is left in this call, so a session that still runs would be paid for in vain.
    await end();
    return outcomeOf(await read());
  } catch (error) {
    return { kind: "unknown", failure: asFailure(error) };
  }
}

async function readUntilOver(read: () => Promise<SessionView>): Promise<SessionView> {
  let view = await read();
  for (let reads = 1; reads < readsOf(view) && !isOver(view); reads++) {
    await pause();
    view = await read();
  }
  return view;
}

function readsOf({ state }: SessionView): number {
  return state === "recovering" ? RECOVERY_READS : READS;
}

async function untilAnswered<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; tries < TRIES; tries++) {
    try {
      return await request();
    } catch (error) {
      if (asFailure(error).kind !== "unreachable") throw error;
    }
    await pause();
  }
  return request();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

function isOver({ state }: SessionView): boolean {
  return state === "completed" || state === "failed";
}

function outcomeOf({ state, reason, createdAt, endedAt }: SessionView): Outcome {
  const durationMs = endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(createdAt);
  return { kind: "known", state, reason, durationMs };
}
