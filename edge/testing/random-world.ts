import { type SessionRecord, successorOf } from "../session/record.ts";
import type { Effect, SessionEvent } from "../session/step.ts";

/** Mulberry32: a small generator whose whole state is the seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * What is outside of a session, as far as its state machine has to do with it: the sockets of its bots and the searches for
 * hosts. It keeps to what the machine says, and minds what may never be.
 */
export class RandomWorld {
  readonly random: () => number;
  /** Sockets that are open: their link's id, and the attempt of their bot. */
  readonly #sockets = new Map<number, number>();
  /** Attempts that a host was looked for. The first one's is under way from the start. */
  readonly #searches: number[] = [1];
  forgotten = false;

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  readonly pick = <Item>(items: readonly Item[]): Item => {
    const index = Math.floor(this.random() * items.length);
    if (index >= items.length) throw new Error("nothing to pick from");
    return items[index] as Item; // it is within the bounds
  };

  links(): number[] {
    return [...this.#sockets.keys()];
  }

  /** Mostly one that is open. */
  anyLink(): number {
    return this.#sockets.size === 0 || this.random() < 0.05 ? 1 : this.pick(this.links());
  }

  attemptOf(linkId: number): number | undefined {
    return this.#sockets.get(linkId);
  }

  anyAttempt({ lastAttempt }: SessionRecord): number {
    return 1 + Math.floor(this.random() * (lastAttempt + 1));
  }

  /** Mostly the newest. */
  anySearch(): number {
    return this.random() < 0.8 ? (this.#searches.at(-1) ?? 1) : this.pick(this.#searches);
  }

  anyJob({ jobs }: SessionRecord): number {
    const outside = jobs.filter(({ kind }) => kind !== "close-link" && kind !== "forget");
    return outside.length === 0 ? 0 : this.pick(outside).id;
  }

  /** What the event is of the sockets: a new one takes the place of those of its attempt. */
  take(event: SessionEvent): void {
    if (event.kind === "link-closed") this.#sockets.delete(event.linkId);
    if (event.kind !== "link-opened") return;
    for (const [linkId, attempt] of this.#sockets)
      if (attempt === event.attempt) this.#sockets.delete(linkId);
    this.#sockets.set(event.linkId, event.attempt);
  }

  /** @throws Error for what may never be */
  note(record: SessionRecord, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "close-link") this.#sockets.delete(effect.linkId);
      if (effect.kind === "close-links" || effect.kind === "forget") this.#sockets.clear();
      if (effect.kind === "forget") this.forgotten = true;
      if (effect.kind === "dispatch") this.#search(effect.bot.attempt);
    }
    const counted = [record.bot, successorOf(record)].flatMap((bot) =>
      bot?.link.kind === "open" ? [bot.link.id] : [],
    );
    const stray = this.links().find((linkId) => !counted.includes(linkId));
    if (stray !== undefined) throw new Error(`link ${stray} is nobody's, and open`);
  }

  #search(attempt: number): void {
    if (attempt <= Math.max(...this.#searches)) throw new Error(`attempt ${attempt} was sent for before`);
    this.#searches.push(attempt);
  }
}
