import type { EndReason } from "../../../protocol/session.ts";
import { asFailure, FailureError } from "../connection/failure.ts";
import type { EdgeApi } from "./edge-api.ts";
import { isOver } from "./messages.ts";
import { pause } from "./pause.ts";
import type { Foreground } from "./ports.ts";

/** Between two looks at the record of a session whose assistant is gone. */
const RECORD_PAUSE_MS = 1_000;
/** Before the second and each further attempt to join anew; the last one for all that follow. */
const REJOIN_PAUSES_MS = [500, 1_000, 2_000, 4_000] as const;
const LONGEST_PAUSE_MS = 4_000;
/** One attempt to join anew, from the record to the assistant's word. */
const REJOIN_ATTEMPT_MS = 15_000;

interface Waiting {
  readonly api: EdgeApi;
  readonly sessionId: string;
  readonly signal: AbortSignal;
  /** Whether the state that this is done for still lasts. */
  isWanted(): boolean;
  serviceEnded(reason: EndReason | undefined): void;
}

export interface RejoinOptions extends Waiting {
  readonly foreground: Foreground;
  /** Leaves what is broken. */
  leave(): Promise<unknown>;
  /** One attempt with a new client: settles when the assistant is there, or when it failed. */
  join(): Promise<void>;
  trace(name: string, detail: string): void;
}

/** Leaves the broken call and joins anew, until that works, the session is over, or it is wanted no more. */
export async function rejoin(options: RejoinOptions): Promise<void> {
  for (let attempt = 0; options.isWanted(); attempt++) {
    if (attempt > 0) await pause(REJOIN_PAUSES_MS[attempt - 1] ?? LONGEST_PAUSE_MS, options.signal);
    // A phone lets nobody open the microphone from the background.
    await untilActive(options.foreground, options.signal);
    if (!options.isWanted()) return;
    options.trace("rejoin", String(attempt + 1));
    await rejoinOnce(options).catch((error: unknown) => {
      options.trace("rejoin failed", asFailure(error).kind);
    });
  }
}

async function rejoinOnce({
  api,
  sessionId,
  leave,
  join,
  isWanted,
  serviceEnded,
}: RejoinOptions): Promise<void> {
  const leaving = leave();
  const record = await api.session(sessionId);
  if (!isWanted()) return;
  if (isOver(record)) {
    serviceEnded(record.reason);
    return;
  }
  await leaving;
  if (!isWanted()) return;
  const settled = new AbortController();
  const limit = pause(REJOIN_ATTEMPT_MS, settled.signal).then(() => false);
  try {
    const inTime = await Promise.race([join().then(() => true), limit]);
    if (!inTime) throw new FailureError({ kind: "join-timeout" });
  } finally {
    settled.abort();
  }
}

/** The assistant is gone: either another comes, or the session is over and its record says why. */
export async function watchRecord({
  api,
  sessionId,
  signal,
  isWanted,
  serviceEnded,
}: Waiting): Promise<void> {
  while (isWanted()) {
    // Without an answer it is asked again: the state has a time limit of its own.
    const record = await api.session(sessionId).catch(() => undefined);
    if (!isWanted()) return;
    if (record && isOver(record)) {
      serviceEnded(record.reason);
      return;
    }
    await pause(RECORD_PAUSE_MS, signal);
  }
}

function untilActive(foreground: Foreground, signal: AbortSignal): Promise<void> {
  if (foreground.isActive() || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = () => {
      unlisten();
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const unlisten = foreground.onChange((active) => {
      if (active) stop();
    });
    signal.addEventListener("abort", stop);
  });
}
