import type { Connection } from "./connection.ts";
import { type WaitName, waitOf } from "./waits.ts";

/** The one timer behind the time limits. It is told every state, and says when a wait has been too long. */
export class WaitTimer {
  readonly #onTimeOut: (wait: WaitName) => void;
  #running: { readonly name: WaitName; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(onTimeOut: (wait: WaitName) => void) {
    this.#onTimeOut = onTimeOut;
  }

  /** A wait that the state before had as well goes on; any other begins anew. */
  watch(connection: Connection): void {
    const wait = waitOf(connection);
    if (wait?.name === this.#running?.name) return;
    this.stop();
    if (!wait) return;
    const timer = setTimeout(() => {
      this.#running = undefined;
      this.#onTimeOut(wait.name);
    }, wait.ms);
    this.#running = { name: wait.name, timer };
  }

  stop(): void {
    clearTimeout(this.#running?.timer);
    this.#running = undefined;
  }
}
