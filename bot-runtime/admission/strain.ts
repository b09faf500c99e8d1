import type { Log } from "../../protocol/log.ts";
import { type Door, type Look, nextDoor, OPEN } from "./door.ts";
import type { LoopLag } from "./loop-lag.ts";

/** How often the host looks at itself. */
export const LOOK_EVERY_MS = 1_000;
/** A second with so many late batches was bad: the far ends had to make sound up, or hold back what they had. */
const MANY_LATE_BATCHES = 5;

export type StrainLogEvent = {
  event: "admission.changed";
  level: "info" | "warn";
  door: Door["kind"];
  lagMs: number;
  lateBatches: number;
};

export interface StrainOptions {
  lag: LoopLag;
  /** Batches of audio that came late over the bridge, since the host started. */
  lateBatches(): number;
  /** A second in which the event loop was held for so long was bad; half of it is not good. 0: it never is. */
  maxLagMs: number;
  log: Log<StrainLogEvent>;
}

/** Looks at this host once a second, and knows whether it can take more. */
export class Strain implements Disposable {
  readonly #options: StrainOptions;
  readonly #timer: NodeJS.Timeout;
  #door: Door = OPEN;
  #lateBefore: number;
  #lookedAt = performance.now();
  #lagMs = 0;

  constructor(options: StrainOptions) {
    this.#options = options;
    this.#lateBefore = options.lateBatches();
    this.#timer = setInterval(() => this.#onLook(), LOOK_EVERY_MS).unref();
  }

  get door(): Door["kind"] {
    return this.#door.kind;
  }

  /** How long the event loop was held at most in the last second that was looked at. */
  get lagMs(): number {
    return this.#lagMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#options.lag[Symbol.dispose]();
  }

  #onLook(): void {
    const { lag, lateBatches, log } = this.#options;
    const now = performance.now();
    // The look's own lateness, too: what begins just when the lag was read is not in the next reading.
    this.#lagMs = Math.round(Math.max(lag.read(), now - this.#lookedAt - LOOK_EVERY_MS));
    this.#lookedAt = now;
    const late = lateBatches() - this.#lateBefore;
    this.#lateBefore += late;
    const before = this.#door.kind;
    this.#door = nextDoor(this.#door, this.#judge(late));
    const door = this.#door.kind;
    if (door === before) return;
    const level = door === "shut" ? "warn" : "info";
    log({ event: "admission.changed", level, door, lagMs: this.#lagMs, lateBatches: late });
  }

  #judge(lateBatches: number): Look {
    const { maxLagMs } = this.#options;
    if (maxLagMs === 0) return "good";
    if (this.#lagMs >= maxLagMs || lateBatches >= MANY_LATE_BATCHES) return "bad";
    return this.#lagMs >= maxLagMs / 2 || lateBatches > 0 ? "fair" : "good";
  }
}
