import type { Post } from "./daily-js.ts";
import { type Counters, count, type LatestStats, latestStats, networkState } from "./network-stats.ts";

/** How often the connections are looked at; as often as the daily-js docs say of Daily's own statistics. */
const LOOK_EVERY_MS = 2_000;
/** Who asks gets figures no older than this; over a shorter time rates would say little. */
const FRESH_MS = 500;

/** Watches how good the network of a call is, from its creation to `close`. */
export class NetworkMonitor {
  readonly #reports: () => Promise<Iterable<Record<string, unknown>>>;
  readonly #post: Post;
  readonly #timer: number;
  #counters: Counters | null = null;
  #latest: LatestStats | null = null;
  #looking: Promise<void> | null = null;
  #closed = false;

  constructor(reports: () => Promise<Iterable<Record<string, unknown>>>, post: Post) {
    this.#reports = reports;
    this.#post = post;
    this.#timer = window.setInterval(() => void this.#look(), LOOK_EVERY_MS);
    void this.#look();
  }

  /** The answer to `get-calc-stats`. */
  async stats(): Promise<{ latest: LatestStats | Record<string, never> }> {
    if (!this.#latest || Date.now() - this.#latest.timestamp >= FRESH_MS) await this.#look();
    return { latest: this.#latest ?? {} };
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /** One look at a time: a browser that is slow to answer is not asked again meanwhile. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const now = count(await this.#reports(), Date.now());
    if (this.#closed) return;
    this.#latest = latestStats(this.#counters, now);
    this.#counters = now;
    // daily-js tells the app only when the state is another one.
    const stats = { latest: this.#latest };
    this.#post({ action: "network-quality-change", stats, ...networkState(this.#latest) });
  }
}
