import type { EventMessage, Happening } from "../../protocol/events.ts";
import type { TranscriptEntry } from "../../protocol/session.ts";
import { type KeptHappening, kept } from "./happenings.ts";
import { numberedKey } from "./store.ts";

const EVENT = "event/";

/** An hour of lively talk has some 2,000: two lines and a count of tokens for each turn. Older ones make room. */
export const MAX_EVENTS = 10_000;

interface Options {
  kv: SyncKvStorage;
  /** A line of the transcript, by its number. */
  entry(seq: number): TranscriptEntry | undefined;
  maxEvents?: number;
}

/** What has happened in a session, kept for those who come later or come back. */
export class EventLog {
  readonly #kv: SyncKvStorage;
  readonly #entry: Options["entry"];
  readonly #maxEvents: number;

  constructor({ kv, entry, maxEvents = MAX_EVENTS }: Options) {
    this.#kv = kv;
    this.#entry = entry;
    this.#maxEvents = maxEvents;
  }

  append(happening: Happening): void {
    const { seq } = happening;
    this.#kv.put(numberedKey(EVENT, seq), kept(happening));
    if (seq > this.#maxEvents) this.#kv.delete(numberedKey(EVENT, seq - this.#maxEvents));
  }

  /**
   * All events after a number, as far as they are kept; where the first of them are not, a gap stands in their place.
   * Read one by one as they are asked for.
   */
  *after(seq: number, now: number): Generator<EventMessage> {
    let expected = seq + 1;
    const start = numberedKey(EVENT, expected);
    for (const [, event] of this.#kv.list<KeptHappening>({ prefix: EVENT, start })) {
      if (event.seq > expected) {
        const at = new Date(now).toISOString();
        yield { type: "gap", seq: event.seq - 1, at, missing: event.seq - expected };
      }
      expected = event.seq + 1;
      const whole = this.#whole(event);
      if (whole) yield whole;
    }
  }

  #whole(event: KeptHappening): Happening | undefined {
    if (event.type !== "transcript") return event;
    const { seq, at, type, entrySeq } = event;
    const entry = this.#entry(entrySeq);
    return entry && { seq, at, type, entry };
  }
}
