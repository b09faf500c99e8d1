import { at } from "./at.ts";

/**
 * A bounded queue of s16 samples. When it is full it refuses the newest, and counts them: what was promised
 * to be played first stays whole. Allocates nothing after its construction.
 */
export class RingBuffer {
  readonly #samples: Int16Array;
  #start = 0;
  #length = 0;
  #refused = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`No ring of ${capacity} samples`);
    this.#samples = new Int16Array(capacity);
  }

  get capacity(): number {
    return this.#samples.length;
  }

  get length(): number {
    return this.#length;
  }

  /** Samples refused for want of room, since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Appends what fits and returns how many that were. */
  push(samples: Int16Array): number {
    const capacity = this.#samples.length;
    const accepted = Math.min(samples.length, capacity - this.#length);
    let end = (this.#start + this.#length) % capacity;
    for (let index = 0; index < accepted; index++) {
      this.#samples[end] = at(samples, index);
      end = end + 1 === capacity ? 0 : end + 1;
    }
    this.#length += accepted;
    this.#refused += samples.length - accepted;
    return accepted;
  }

  /** The sample at a distance from the oldest, without taking it; 0 beyond the newest. */
  peek(distance: number): number {
    if (distance < 0 || distance >= this.#length) return 0;
    return at(this.#samples, (this.#start + distance) % this.#samples.length);
  }

  /** Takes away the oldest, as many as there are up to `count`; returns how many. */
  drop(count: number): number {
    const dropped = Math.max(0, Math.min(count, this.#length));
    this.#start = (this.#start + dropped) % this.#samples.length;
    this.#length -= dropped;
    return dropped;
  }
}
