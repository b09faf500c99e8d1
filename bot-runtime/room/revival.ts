/** Tries in a row; then it is left, and the host's health says so. */
const MAX_ATTEMPTS = 10;
const FIRST_MS = 250;
const MAX_MS = 15_000;
/** What went well for so long was well: what comes after is not the same trouble. */
const FORGOTTEN_MS = 60_000;

export interface RevivalOptions {
  /** Whether there is anything to do. */
  needed(): boolean;
  /** One try. @throws Error when it failed */
  revive(): Promise<void>;
  failed(attempt: number, thrown: unknown): void;
  givenUp(attempts: number): void;
  /** Ends it, also in the middle of a wait. */
  stop: AbortSignal;
}

/** Brings something back to life, by a few tries with longer and longer waits between them. */
export class Revival {
  readonly #options: RevivalOptions;
  #attempts = 0;
  #revivedAt = performance.now();
  #running: Promise<void> | undefined;
  #current: Promise<void> | undefined;

  constructor(options: RevivalOptions) {
    this.#options = options;
  }

  /** The one try that is under way. It never rejects. */
  get attempt(): Promise<void> | undefined {
    return this.#current;
  }

  /** Resolves when it is done with trying. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Begins, if there is a need and it has not begun. The first try starts at once. */
  start(): void {
    if (this.#running || !this.#isNeeded) return;
    if (performance.now() - this.#revivedAt > FORGOTTEN_MS) this.#attempts = 0;
    if (this.#attempts >= MAX_ATTEMPTS) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      // It may have been lost again before we were done.
      if (this.#attempts < MAX_ATTEMPTS) this.start();
    });
  }

  get #isNeeded(): boolean {
    return this.#options.needed() && !this.#options.stop.aborted;
  }

  async #run(): Promise<void> {
    while (this.#isNeeded) {
      if (this.#attempts >= MAX_ATTEMPTS) {
        this.#options.givenUp(this.#attempts);
        return;
      }
      this.#current = this.#try(++this.#attempts);
      await this.#current;
      this.#current = undefined;
    }
  }

  async #try(attempt: number): Promise<void> {
    if (attempt > 1) await this.#wait(Math.min(FIRST_MS * 2 ** (attempt - 1), MAX_MS));
    if (!this.#isNeeded) return;
    try {
      await this.#options.revive();
      this.#revivedAt = performance.now();
    } catch (thrown) {
      if (!this.#options.stop.aborted) this.#options.failed(attempt, thrown);
    }
  }

  #wait(ms: number): Promise<void> {
    const { stop } = this.#options;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        stop.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      stop.addEventListener("abort", done);
    });
  }
}
