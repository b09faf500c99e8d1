import type { SessionView } from "../../protocol/session.ts";
import type { EdgeApi } from "./edge-api.ts";

export interface SessionWatchOptions {
  api: Pick<EdgeApi, "session">;
  sessionId: string;
  /** Told of every record that was read, until `close`. */
  seen(view: SessionView): void;
}

/** Between two reads: the timeline is looked at by people. */
const PAUSE_MS = 1_000;
/** The marks that come by themselves are there after a few seconds. One that is still missing then may never come. */
const MAX_READS = 20;

/**
 * Reads the record of a running session until the assistant's first audio is in it, and once more at every `nudge`:
 * so that the service is asked when something happened, and left alone otherwise. A read that fails is one fewer;
 * the call itself tells what is wrong.
 */
export class SessionWatch {
  readonly #options: SessionWatchOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #again = false;
  #reads = 0;
  #closed = false;

  constructor(options: SessionWatchOptions) {
    this.#options = options;
    this.nudge();
  }

  /** Something has happened that the service will have written down. */
  nudge(): void {
    if (this.#closed || this.#reads >= MAX_READS) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    void this.#read();
  }

  /** Idempotent. Nothing is seen afterwards. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    const { api, sessionId, seen } = this.#options;
    this.#reading = true;
    this.#again = false;
    this.#reads += 1;
    const view = await api.session(sessionId).catch(() => undefined);
    this.#reading = false;
    if (this.#closed) return;
    if (view) seen(view);
    const complete = view?.timeline.firstBotAudio !== undefined;
    if (complete && !this.#again) return;
    this.#timer = setTimeout(() => this.nudge(), PAUSE_MS);
  }
}
