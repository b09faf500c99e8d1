import type { TimerName } from "./bot-state.ts";

/** Longest time that a platform timer takes; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The named timers of one bot. Each runs at most once at a time, and all end with `stop`. */
export class BotTimers {
  readonly #durationOf: (timer: TimerName) => number | undefined;
  readonly #onTimer: (timer: TimerName) => void;
  readonly #running = new Map<TimerName, NodeJS.Timeout>();

  /** @param durationOf milliseconds, when a timer starts; nothing, and it does not. */
  constructor(durationOf: (timer: TimerName) => number | undefined, onTimer: (timer: TimerName) => void) {
    this.#durationOf = durationOf;
    this.#onTimer = onTimer;
  }

  /** Exactly these run from now on: those already running go on, the others are started or stopped. */
  run(timers: readonly TimerName[]): void {
    for (const timer of this.#running.keys()) if (!timers.includes(timer)) this.#clear(timer);
    for (const timer of timers) if (!this.#running.has(timer)) this.#start(timer);
  }

  /** Starts a timer from its beginning, if it is running. */
  restart(timer: TimerName): void {
    this.#running.get(timer)?.refresh();
  }

  #start(timer: TimerName): void {
    const wanted = this.#durationOf(timer);
    if (wanted === undefined) return;
    const duration = Math.min(Math.max(0, wanted), MAX_TIMER_MS);
    const timeout = setTimeout(() => {
      this.#running.delete(timer);
      this.#onTimer(timer);
    }, duration);
    this.#running.set(timer, timeout);
  }

  #clear(timer: TimerName): void {
    clearTimeout(this.#running.get(timer));
    this.#running.delete(timer);
  }
}
