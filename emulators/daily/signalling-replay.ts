import type { ClientMessage, ServerMessage } from "./signalling-messages.ts";

/**
 * What one end has said and the other may not have heard. A socket that breaks takes along what is on its way,
 * and a negotiation that lacks one message ends in silence. So both ends count what they hear, and tell the count
 * from time to time and when they meet again.
 */

/** Kept at once. Between two counts, 3 s apart, a negotiation has about ten; with more than this no resume is possible. */
const MAX_KEPT = 1_000;
/** Kept at once, in characters of JSON: as much as may wait for a socket. Session data alone can be 100 KB each time. */
const MAX_KEPT_CHARS = 4_194_304;

/**
 * Whether a message is counted and repeated. Not an app message, which Daily stores nowhere and which is therefore
 * lost with its socket, and none of those that a socket begins and ends with.
 */
export function isCounted({ type }: ClientMessage | ServerMessage): boolean {
  return !UNCOUNTED.includes(type);
}

const UNCOUNTED: (ClientMessage | ServerMessage)["type"][] = [
  "app-message",
  "hello",
  "join",
  "joined",
  "leave",
  "ping",
  "pong",
  "resume",
  "resumed",
  "welcome",
];

export class Replay<Message extends object> {
  #kept: { message: Message; chars: number }[] = [];
  /** Of all that is kept. */
  #chars = 0;
  /** How many were said before the first that is kept. */
  #before = 0;

  add(message: Message): void {
    const { length: chars } = JSON.stringify(message);
    this.#kept.push({ message, chars });
    this.#chars += chars;
    while (this.#kept.length > MAX_KEPT || this.#chars > MAX_KEPT_CHARS) this.#forget(1);
  }

  /** The other end has heard so many, all told. */
  heard(count: number): void {
    this.#forget(Math.max(0, count - this.#before));
  }

  /** What is to be said again to one who has heard so many; null when that is no longer, or not yet, known. */
  after(count: number): Message[] | null {
    if (count < this.#before || count > this.#before + this.#kept.length) return null;
    this.heard(count);
    return this.#kept.map(({ message }) => message);
  }

  /** The oldest so many, or all where there are fewer. */
  #forget(count: number): void {
    const forgotten = this.#kept.splice(0, count);
    for (const { chars } of forgotten) this.#chars -= chars;
    this.#before += forgotten.length;
  }
}
