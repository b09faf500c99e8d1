import type { TranscriptEntry } from "../../protocol/session.ts";
import { MAX_CONVERSATION_BYTES, type SpokenLine } from "../../protocol/takeover.ts";
import type { Region } from "../fleet/regions.ts";
import type { SessionRecord } from "./record.ts";

const RECORD = "record";
const BRIEF = "brief";
const TRANSCRIPT = "transcript/";

/** Padded, since keys are listed in the order of their text. */
export function numberedKey(prefix: string, seq: number): string {
  return `${prefix}${String(seq).padStart(8, "0")}`;
}

/**
 * What every bot of a session is sent for with, beside what the record holds. It is apart from that, since it never
 * changes; it is wiped with the end.
 */
export interface Brief {
  voice: string | undefined;
  user: { id?: string; name?: string };
  metadata: Record<string, unknown>;
  /** Where the caller is, where that is known. */
  near: Region | undefined;
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

  brief(): Brief | undefined {
    return this.#kv.get<Brief>(BRIEF);
  }

  writeBrief(brief: Brief): void {
    this.#kv.put(BRIEF, brief);
  }

  wipeBrief(): void {
    this.#kv.delete(BRIEF);
  }

  append(entry: TranscriptEntry): void {
    this.#kv.put(numberedKey(TRANSCRIPT, entry.seq), entry);
  }

  entry(seq: number): TranscriptEntry | undefined {
    return this.#kv.get<TranscriptEntry>(numberedKey(TRANSCRIPT, seq));
  }

  /**
   * The newest lines of those from one number on and before another, oldest first: what a bot is told of a conversation.
   * It is read from the end, as far as it has room.
   */
  conversation({ from, before }: { from: number; before: number }): SpokenLine[] {
    const lines: SpokenLine[] = [];
    let bytes = 0;
    const newestFirst = this.#kv.list<TranscriptEntry>({
      prefix: TRANSCRIPT,
      start: numberedKey(TRANSCRIPT, from),
      end: numberedKey(TRANSCRIPT, before),
      reverse: true,
    });
    for (const [, { seq: _, ...line }] of newestFirst) {
      bytes += new TextEncoder().encode(JSON.stringify(line)).length + 1;
      if (bytes > MAX_CONVERSATION_BYTES) break;
      lines.push(line);
    }
    return lines.reverse();
  }

  transcript(): TranscriptEntry[] {
    return Array.from(this.#kv.list<TranscriptEntry>({ prefix: TRANSCRIPT }), ([, entry]) => entry);
  }
}
