/** What the model is to be told in words, and the results of its functions, until it is known to have arrived. */

/**
 * The other side reads in order. What it says so long after something was sent, it says having read that. Until then
 * the loss of a connection may have taken it along.
 */
export const DOUBT_MS = 1_000;
/** Far more than anybody writes during an outage. The oldest are left out. */
const MAX_ITEMS = 200;

export interface OutboxText {
  kind: "text";
  id: string;
  text: string;
  /** Whether it wants an answer. */
  respond: boolean;
}

export interface OutboxResult {
  kind: "tool-result";
  /** Of the call. */
  id: string;
  name: string;
  response: Record<string, unknown>;
  /** The connection that asked, by its number. */
  asker: number;
}

export type OutboxItem = OutboxText | OutboxResult;

interface Entry {
  item: OutboxItem;
  /** Epoch milliseconds; on the present connection. */
  sentAt: number | undefined;
  /** It was sent on an earlier connection. */
  again: boolean;
}

export interface InDoubt {
  item: OutboxItem;
  sentAgoMs: number;
}

/** In the order in which it was said. */
export class Outbox {
  #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** @returns what had to be left out to make room */
  add(item: OutboxItem): OutboxItem[] {
    this.#entries.push({ item, sentAt: undefined, again: false });
    return this.#entries.splice(0, Math.max(0, this.#entries.length - MAX_ITEMS)).map((entry) => entry.item);
  }

  /** What has not been sent on the present connection. */
  get unsent(): OutboxItem[] {
    return this.#entries.flatMap(({ item, sentAt }) => (sentAt === undefined ? [item] : []));
  }

  /**
   * Sends what was not sent yet, in order; `again`: it may have arrived before. Any text interrupts the model: what
   * wants no answer waits until it is `quiet`, or for the next text that wants one.
   * @returns what was sent
   */
  send(
    { now, quiet }: { now: number; quiet: boolean },
    send: (item: OutboxItem, again: boolean) => void,
  ): OutboxItem[] {
    const unsent = this.#entries.filter(({ sentAt }) => sentAt === undefined);
    const lastAsking = unsent.findLastIndex(({ item }) => item.kind === "text" && item.respond);
    const due = unsent.filter(({ item }, i) => quiet || i <= lastAsking || item.kind !== "text");
    for (const entry of due) {
      entry.sentAt = now;
      send(entry.item, entry.again);
    }
    return due.map(({ item }) => item);
  }

  /** Whether anything waits to be sent. */
  get waits(): boolean {
    return this.#entries.some(({ sentAt }) => sentAt === undefined);
  }

  /** The other side has just given a sign of life: what was sent long enough ago has arrived. */
  heard(now: number): void {
    if (this.#entries.length === 0) return;
    this.#entries = this.#entries.filter(({ sentAt }) => sentAt === undefined || now - sentAt < DOUBT_MS);
  }

  /** The connection is gone. What was sent on it and may not have arrived waits again. @returns that */
  lost(now: number): InDoubt[] {
    const doubtful: InDoubt[] = [];
    for (const entry of this.#entries) {
      if (entry.sentAt === undefined) continue;
      doubtful.push({ item: entry.item, sentAgoMs: now - entry.sentAt });
      entry.sentAt = undefined;
      entry.again = true;
    }
    return doubtful;
  }

  /** Forgets what was sent and may not have arrived, or what was not sent. */
  drop(which: "unsent" | "again"): void {
    this.#entries = this.#entries.filter(({ sentAt, again }) =>
      which === "unsent" ? sentAt !== undefined : !(again && sentAt === undefined),
    );
  }
}
