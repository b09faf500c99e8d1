/**
 * Notices that the other side has gone quiet. It counts looks instead of reading a clock: a process that was
 * itself stopped for a while looks once when it wakes, then finds the messages that waited for it, and does
 * not give up a healthy peer.
 */
export class Silence {
  readonly #looksAllowed: number;
  #looks = 0;

  constructor({ afterMs, everyMs }: { afterMs: number; everyMs: number }) {
    if (!(afterMs >= everyMs && everyMs > 0))
      throw new RangeError(`Silence of ${afterMs} ms by ${everyMs} ms`);
    this.#looksAllowed = Math.ceil(afterMs / everyMs);
  }

  heard(): void {
    this.#looks = 0;
  }

  /** To be called every `everyMs`; answers whether it has been silent for `afterMs`. */
  look(): boolean {
    this.#looks++;
    return this.#looks >= this.#looksAllowed;
  }
}
