import type { ClientMessage, ServerMessage } from "./signalling-messages.ts";

/**
 * What one end has said and the other may not have heard. A socket that breaks takes along what is on its way,
 * and a negotiation that lacks one message ends in silence. So both ends count what they hear, and tell the count
 * from time to time and when they meet again.
 */

/** Kept at once. Between two counts, 3 s apart, a negotiation has about ten; with more than this no resume is possible. */
const MAX_KEPT = 1_000;

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

export class Replay<Message> {
  #kept: Message[] = [];
  /** How many were said before the first that is kept. */
  #before = 0;

  add(message: Message): void {
    this.#kept.push(message);
    if (this.#kept.length <= MAX_KEPT) return;
    this.#kept.shift();
    this.#before += 1;
  }

  /** The other end has heard so many, all told. */
  heard(count: number): void {
    const known = Math.min(Math.max(0, count - this.#before), this.#kept.length);
    this.#kept = this.#kept.slice(known);
    this.#before += known;
  }

  /** What is to be said again to one who has heard so many; null when that is no longer, or not yet, known. */
  after(count: number): Message[] | null {
    if (count < this.#before || count > this.#before + this.#kept.length) return null;
    this.heard(count);
    return [...this.#kept];
  }
}
