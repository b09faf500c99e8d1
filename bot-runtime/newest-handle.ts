/** Each report has the session's object woken and written; a model may give a handle with every word. */
const REPORT_EVERY_MS = 1_000;

/** Passes on the newest handle: the first at once, those that follow it closely in one. */
export class NewestHandle {
  readonly #report: (handle: string) => void;
  #pause: NodeJS.Timeout | undefined;
  #waiting: string | undefined;

  constructor(report: (handle: string) => void) {
    this.#report = report;
  }

  /** @param handle a credential */
  changed(handle: string): void {
    this.#waiting = handle;
    if (this.#pause === undefined) this.#next();
  }

  /** Reports what waits. Nothing may follow. */
  close(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    if (this.#waiting !== undefined) this.#report(this.#waiting);
    this.#waiting = undefined;
  }

  #next(): void {
    const handle = this.#waiting;
    this.#waiting = undefined;
    this.#pause = undefined;
    if (handle === undefined) return;
    this.#report(handle);
    this.#pause = setTimeout(() => this.#next(), REPORT_EVERY_MS);
  }
}
