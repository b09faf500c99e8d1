import { BATCH_MS } from "../../bot-runtime/room/bridge/limits.ts";
import type { PageBatches } from "../density/bridge-probe.ts";
import type { Point } from "./trend.ts";

/** A stretch in which the clock was left alone. */
interface Stretch {
  firstAtMs: number;
  batches: number;
  /** How much the clock was ahead at its beginning. */
  aheadMs: number;
}

/**
 * A page's clock against Node's, by the batches of audio, each of which stands for 20 ms of the page's. It has to run
 * all the time: with a call in it from the beginning to the end.
 */
export class PageClock {
  readonly #page: number;
  readonly #points: Point[] = [];
  #startedAtMs: number | undefined;
  #stretch: Stretch | undefined;

  constructor(page: number) {
    this.#page = page;
  }

  /** What came since the last time. */
  add(pages: readonly PageBatches[]): void {
    const batches = pages.find(({ page }) => page === this.#page)?.atMs ?? [];
    const [first] = batches;
    const last = batches.at(-1);
    if (first === undefined || last === undefined) return;
    this.#startedAtMs ??= first;
    this.#stretch ??= { firstAtMs: first, batches: 0, aheadMs: this.#points.at(-1)?.y ?? 0 };
    const stretch = this.#stretch;
    stretch.batches += batches.length;
    const playedMs = (stretch.batches - 1) * BATCH_MS;
    this.#points.push({
      x: last - this.#startedAtMs,
      y: stretch.aheadMs + playedMs - (last - stretch.firstAtMs),
    });
  }

  /** Something stopped the page since the last time, which is not to count: what came meanwhile is left out. */
  leaveOut(): void {
    this.#stretch = undefined;
  }

  /** By how many ms the page's clock was before Node's, and when. */
  get aheadMs(): readonly Point[] {
    return this.#points;
  }
}
