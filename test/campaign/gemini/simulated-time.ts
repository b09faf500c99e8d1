/** The platform's timers and clocks, simulated: an hour of a call is over in a moment, and always in the same order. */

interface Timer {
  at: number;
  run: () => void;
  everyMs: number | undefined;
}

/** What `setTimeout` gives in Node, as far as anybody uses it. */
class Handle {
  readonly #time: SimulatedTime;
  readonly #ms: number;
  readonly timer: Timer;

  constructor(time: SimulatedTime, timer: Timer, ms: number) {
    this.#time = time;
    this.timer = timer;
    this.#ms = ms;
  }

  refresh(): this {
    this.#time.cancel(this.timer);
    this.#time.schedule(this.timer, this.#ms);
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  close(): void {
    this.#time.cancel(this.timer);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const REAL = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  dateNow: Date.now,
  setImmediate: globalThis.setImmediate,
};

/** Takes the platform's place from its making until it is disposed of. One at a time. */
export class SimulatedTime implements Disposable {
  #now: number;
  readonly #startedAt: number;
  /** The next one first; there are a few dozen at most. */
  readonly #timers: Timer[] = [];

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
    this.#startedAt = startAt;
    const set =
      (repeats: boolean) =>
      (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
        const delay = Math.max(1, ms || 0);
        const timer: Timer = {
          at: 0,
          run: () => run(...args),
          everyMs: repeats ? delay : undefined,
        };
        this.schedule(timer, delay);
        return new Handle(this, timer, delay);
      };
    const clear = (handle: unknown) => {
      if (handle instanceof Handle) this.cancel(handle.timer);
    };
    Object.assign(globalThis, {
      setTimeout: set(false),
      clearTimeout: clear,
      setInterval: set(true),
      clearInterval: clear,
    });
    Date.now = () => this.#now;
    Object.defineProperty(performance, "now", {
      value: () => this.#now - this.#startedAt,
      configurable: true,
      writable: true,
    });
  }

  [Symbol.dispose](): void {
    const { dateNow, setImmediate: _, ...timers } = REAL;
    Object.assign(globalThis, timers);
    Date.now = dateNow;
    // What hid the prototype's own.
    Reflect.deleteProperty(performance, "now");
  }

  get now(): number {
    return this.#now;
  }

  /** Timers that have been set, and neither have run nor were cleared. */
  get pending(): number {
    return this.#timers.length;
  }

  schedule(timer: Timer, ms: number): void {
    timer.at = this.#now + ms;
    let low = 0;
    let high = this.#timers.length;
    // After those of the same moment.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.at ?? 0) <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }

  cancel(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  /** Lets so much time pass. Whatever promises have to do is done before the next moment. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let [next] = this.#timers; next && next.at <= end; [next] = this.#timers) {
      this.#now = next.at;
      for (let due: Timer | undefined = next; due && due.at <= this.#now; [due] = this.#timers) {
        this.#timers.shift();
        if (due.everyMs !== undefined) this.schedule(due, due.everyMs);
        due.run();
      }
      await settled();
    }
    this.#now = end;
  }
}

/** All microtasks have run, and those that they made. */
function settled(): Promise<void> {
  return new Promise((resolve) => REAL.setImmediate(resolve));
}
