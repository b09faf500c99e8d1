import type { TranscriptEntry } from "../../protocol/session.ts";
import type { SessionRecord } from "./record.ts";

const RECORD = "record";
const TRANSCRIPT = "transcript/";

/**
 * What a session keeps: one record, and its transcript entry by entry, so that a new line does not write all
 * those before it again. Key-value storage, because creating a table would stand in the way of every start.
 */
export class SessionStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  read(): SessionRecord | undefined {
    return this.#kv.get<SessionRecord>(RECORD);
  }

  write(record: SessionRecord): void {
    this.#kv.put(RECORD, record);
  }

  append(entry: TranscriptEntry): void {
    // Padded, since keys are listed in the order of their text.
    this.#kv.put(`${TRANSCRIPT}${String(entry.seq).padStart(8, "0")}`, entry);
  }

  transcript(): TranscriptEntry[] {
    return Array.from(this.#kv.list<TranscriptEntry>({ prefix: TRANSCRIPT }), ([, entry]) => entry);
  }
}
