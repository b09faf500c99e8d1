import type { TranscriptEntry } from "../../protocol/session.ts";
import type { SessionRecord } from "./record.ts";

const RECORD = "record";
const TRANSCRIPT = "transcript/";

/** Padded, since keys are listed in the order of their text. */
export function numberedKey(prefix: string, seq: number): string {
  return `${prefix}${String(seq).padStart(8, "0")}`;
}

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
    this.#kv.put(numberedKey(TRANSCRIPT, entry.seq), entry);
  }

  entry(seq: number): TranscriptEntry | undefined {
    return this.#kv.get<TranscriptEntry>(numberedKey(TRANSCRIPT, seq));
  }

  transcript(): TranscriptEntry[] {
    return Array.from(this.#kv.list<TranscriptEntry>({ prefix: TRANSCRIPT }), ([, entry]) => entry);
  }
}
