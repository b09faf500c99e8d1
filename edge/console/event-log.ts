import { redactedJson } from "./redact.ts";

/** Where an entry comes from. */
export const LOG_KINDS = ["page", "service", "assistant", "network", "device"] as const;
export type LogKind = (typeof LOG_KINDS)[number];

export interface LogEntry {
  readonly seq: number;
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly kind: LogKind;
  readonly name: string;
  /** JSON, without secrets; empty where there is nothing to say. */
  readonly data: string;
}

export interface LogFilter {
  /** Every kind when absent. */
  readonly kind?: LogKind;
  /** Anywhere in name or data, whatever the case. */
  readonly text: string;
}

/** Some minutes of a lively call: an answer is some twenty messages. Past it the oldest go. */
export const MAX_ENTRIES = 1_000;

/**
 * What happened, for a developer. Adding costs one small stringification; nobody is drawn or searched until someone
 * looks.
 */
export class EventLog {
  readonly #onAdded: () => void;
  readonly #now: () => number;
  #entries: LogEntry[] = [];
  #nextSeq = 1;
  #dropped = 0;

  /** @param options.onAdded told of every entry; must be cheap. */
  constructor(options: { onAdded?: () => void; now?: () => number } = {}) {
    this.#onAdded = options.onAdded ?? (() => undefined);
    this.#now = options.now ?? Date.now;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Entries that had to go, since the log was last emptied. */
  get dropped(): number {
    return this.#dropped;
  }

  add(kind: LogKind, name: string, data?: unknown): void {
    const entry = { seq: this.#nextSeq, at: this.#now(), kind, name, data: redactedJson(data) };
    this.#nextSeq += 1;
    this.#entries.push(entry);
    // In batches: shifting a thousand places for each message would be paid during the call.
    if (this.#entries.length > MAX_ENTRIES) {
      const kept = this.#entries.slice(-MAX_ENTRIES * 0.9);
      this.#dropped += this.#entries.length - kept.length;
      this.#entries = kept;
    }
    this.#onAdded();
  }

  matching({ kind, text }: LogFilter): LogEntry[] {
    const wanted = text.trim().toLowerCase();
    return this.#entries.filter(
      (entry) =>
        (kind === undefined || entry.kind === kind) &&
        (wanted === "" || `${entry.name} ${entry.data}`.toLowerCase().includes(wanted)),
    );
  }

  /** The numbers go on: who shows the entries knows by them what is new. */
  clear(): void {
    this.#entries = [];
    this.#dropped = 0;
    this.#onAdded();
  }
}

/** One JSON object a line, for a file or an issue. */
export function jsonLines(entries: readonly LogEntry[]): string {
  return entries
    .map(({ at, kind, name, data }) => {
      const head = JSON.stringify({ at: new Date(at).toISOString(), kind, name });
      return data === "" ? head : `${head.slice(0, -1)},"data":${data}}`;
    })
    .join("\n");
}
