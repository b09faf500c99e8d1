import { PULSE_EVERY_MS } from "./host-limits.ts";

/**
 * Looks in a row without an answer. Looks are counted and not the time, since a process that was itself stopped for
 * a while would find every answer late.
 */
const MISSED_MAX = 3;

export interface PulseOptions {
  ping(): Promise<void>;
  /** It has not answered for a while. Told once. */
  silent(): void;
}

/**
 * Asks a browser every now and then whether it is there. One whose main process hangs goes on with its calls, but
 * opens no page any more.
 */
export class Pulse implements Disposable {
  readonly #options: PulseOptions;
  readonly #timer: NodeJS.Timeout;
  #waiting = false;
  #missed = 0;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), PULSE_EVERY_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#waiting) this.#miss();
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#waiting = true;
    try {
      await this.#options.ping();
      this.#missed = 0;
    } catch {
      this.#miss();
    } finally {
      this.#waiting = false;
    }
  }

  #miss(): void {
    this.#missed++;
    if (this.#missed !== MISSED_MAX) return;
    this[Symbol.dispose]();
    this.#options.silent();
  }
}
