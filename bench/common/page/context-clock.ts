/** Over this long the earliest arrival counts; the later ones were delayed on their way. */
const WINDOW_MS = 500;
const BUCKET_MS = 100;
/**
 * An output takes a little more at a time than the context renders at once, and gets two of these now and then: its
 * clock moves by up to 10 ms. By more, it stood still, and time in the context with it.
 */
const SLIP_MS = 12;

interface Bucket {
  sinceMs: number;
  offsetMs: number;
}

/**
 * When a sample of an AudioContext was rendered, by everybody's clock. The context only counts its samples. Of every
 * piece that it hands over one knows when it came, which is never too early and mostly not late: the earliest ones,
 * relative to their samples, tell how the two clocks lie.
 * (`getOutputTimestamp` tells when a loudspeaker would have played them, with a delay that it has made up.)
 */
export class ContextClock {
  /** How often the context stood still, or was set: what was measured around that is not to be trusted. */
  slips = 0;
  readonly #sampleRate: number;
  readonly #buckets: Bucket[] = [];
  #lastOffsetMs: number | undefined;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** A piece came now that begins with that sample of the context. */
  heard(frame: number, nowMs: number): void {
    const offsetMs = nowMs - (frame * 1000) / this.#sampleRate;
    const newest = this.#buckets.at(-1);
    if (newest !== undefined && nowMs - newest.sinceMs < BUCKET_MS) {
      newest.offsetMs = Math.min(newest.offsetMs, offsetMs);
      return;
    }
    this.#closeBucket(newest);
    this.#buckets.push({ sinceMs: nowMs, offsetMs });
    while ((this.#buckets[0]?.sinceMs ?? nowMs) < nowMs - WINDOW_MS) this.#buckets.shift();
  }

  /** @throws Error before anything was heard */
  epochMs(frame: number): number {
    if (this.#buckets.length === 0) throw new Error("The context has not said its time yet");
    const offsetMs = Math.min(...this.#buckets.map((bucket) => bucket.offsetMs));
    return offsetMs + (frame * 1000) / this.#sampleRate;
  }

  #closeBucket(bucket: Bucket | undefined): void {
    if (bucket === undefined) return;
    if (this.#lastOffsetMs !== undefined && Math.abs(bucket.offsetMs - this.#lastOffsetMs) > SLIP_MS) {
      this.slips += 1;
      // What was before it says nothing of what comes.
      this.#buckets.splice(0, this.#buckets.length - 1);
    }
    this.#lastOffsetMs = bucket.offsetMs;
  }
}
