import { randomBytes } from "node:crypto";
import type { TokenCount } from "./tokens.ts";

/** What a session that resumes another one takes over. */
export interface Snapshot {
  sessionId: string;
  context: TokenCount;
}

/** Handles that can be resumed; the oldest is forgotten first. A session takes a new one with each answer. */
const MAX_HANDLES = 10_000;

/** Resumption handles, of all sessions of one server. */
export class HandleStore {
  readonly #snapshots = new Map<string, Snapshot>();

  issue(snapshot: Snapshot): string {
    const handle = `Ci${randomBytes(30).toString("base64url")}`;
    this.#snapshots.set(handle, snapshot);
    for (const oldest of this.#snapshots.keys()) {
      if (this.#snapshots.size <= MAX_HANDLES) break;
      this.#snapshots.delete(oldest);
    }
    return handle;
  }

  find(handle: string): Snapshot | undefined {
    return this.#snapshots.get(handle);
  }
}
