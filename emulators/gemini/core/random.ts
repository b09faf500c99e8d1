/**
 * Chance that can be repeated: whatever an emulated session does at random, such as the jitter of its sound, comes
 * from here, and the same seed gives the same. Handles do not: they stand for a secret.
 */
export class Random {
  #state: number;

  /** @param stream tells apart the streams of one seed, so that sessions side by side do not draw from each other */
  constructor(seed: number, stream = 0) {
    this.#state = (seed ^ Math.imul(stream, 0x9e3779b1)) | 0;
  }

  /** From 0 to 1, the latter excluded (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From `min` to `max`, both included when they are equal. */
  between(min: number, max: number): number {
    return min + (max - min) * this.next();
  }

  /** So many characters of an alphabet. */
  text(length: number, alphabet: string): string {
    return Array.from({ length }, () => alphabet[Math.floor(this.next() * alphabet.length)]).join("");
  }

  /** In the shape of a UUID of version 4. */
  uuid(): string {
    const hex = this.text(32, "0123456789abcdef");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

export const DEFAULT_SEED = 1;
