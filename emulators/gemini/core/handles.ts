import { randomBytes } from "node:crypto";
import { type Close, Closes } from "./closes.ts";
import type { TokenCount } from "./tokens.ts";
import { accept, type Parsed, refuse } from "./wire-json.ts";

/** What a session that resumes another one takes over: the state of that one when the handle was issued. */
export interface Snapshot {
  sessionId: string;
  context: TokenCount;
}

/** Handles that can be resumed; the oldest is forgotten first. A session takes a new one with each answer. */
const MAX_HANDLES = 10_000;

/**
 * How long after the end of the last session a handle is good, as the session management guide of the Live API says
 * (https://ai.google.dev/gemini-api/docs/live-session).
 */
export const HANDLE_LIFETIME_MS = 2 * 3_600_000;

/**
 * One conversation over all the connections that carry it on. It is open on one of them at most: resuming it while
 * the former connection is still open closes with 1011.
 */
interface Thread {
  model: string;
  state: { kind: "open" } | { kind: "ended"; atMs: number };
}

interface Entry {
  thread: Thread;
  snapshot: Snapshot;
}

/** A session's place in its thread. Whoever holds it ends it. */
export interface Resumable {
  /** A new handle for this moment. Older ones stay good, and lead back to their own. */
  issue(snapshot: Snapshot): string;
  /** The session is over; from now on its thread can be resumed, for a time. Idempotent. */
  end(): void;
}

/** Resumption handles, of all sessions of one server. */
export class HandleStore {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that nobody sets */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Handles that are kept, good or expired. */
  get size(): number {
    return this.#entries.size;
  }

  /** A session without a past. */
  begin(model: string): Resumable {
    return this.#hold({ model, state: { kind: "open" } });
  }

  /** A session that carries another one on: its past, or how Google closes. The model cannot be changed. */
  resume(handle: string, model: string): Parsed<{ snapshot: Snapshot; resumable: Resumable }> {
    const entry = this.#entries.get(handle);
    const refused = this.#refusal(entry, model);
    if (!entry || refused) return refuse(refused ?? Closes.unknownHandle);
    entry.thread.state = { kind: "open" };
    return accept({ snapshot: entry.snapshot, resumable: this.#hold(entry.thread) });
  }

  #refusal(entry: Entry | undefined, model: string): Close | undefined {
    if (!entry) return Closes.unknownHandle;
    const { state } = entry.thread;
    if (state.kind === "open") return Closes.stillOpen;
    if (this.#now() - state.atMs >= HANDLE_LIFETIME_MS) return Closes.unknownHandle;
    if (entry.thread.model !== model) {
      return Closes.badArgument("The model cannot be changed when a session is resumed.");
    }
    return undefined;
  }

  #hold(thread: Thread): Resumable {
    let over = false;
    return {
      issue: (snapshot) => this.#issue({ thread, snapshot }),
      end: () => {
        if (over) return;
        over = true;
        thread.state = { kind: "ended", atMs: this.#now() };
      },
    };
  }

  #issue(entry: Entry): string {
    const handle = `Ci${randomBytes(30).toString("base64url")}`;
    this.#entries.set(handle, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_HANDLES) break;
      this.#entries.delete(oldest);
    }
    return handle;
  }
}
