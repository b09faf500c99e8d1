import type { PlayoutLedger } from "./playout-ledger.ts";
import { RoomError } from "./room.ts";

/** App messages kept while a call has no page. An answer's captions are a few each second. */
const MAX_MESSAGES = 256;

/** What of a call outlives its page: the speech that was not heard, and the messages that nobody could be sent. */
export class CallRemains {
  readonly ledger: PlayoutLedger;
  /** As the bot asked last. */
  paused = false;
  #messages: unknown[] = [];

  constructor(ledger: PlayoutLedger) {
    this.ledger = ledger;
  }

  /** @throws RoomError when there are too many */
  keep(message: unknown): void {
    if (this.#messages.length >= MAX_MESSAGES) throw new RoomError("closed", "The call has no page");
    this.#messages.push(message);
  }

  /** The messages so far, once. */
  takeMessages(): unknown[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}
