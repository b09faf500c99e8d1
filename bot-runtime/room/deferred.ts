/** A promise that is settled elsewhere, at the latest by its deadline. */
export class Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly #resolve: (value: Value) => void;
  readonly #reject: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;

  /** @param late makes the error of the deadline */
  constructor(deadlineMs: number, late: () => Error) {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    // Whoever waits hears of the rejection by `promise`; nobody has to wait.
    promise.catch(() => undefined);
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => reject(late()), deadlineMs);
  }

  resolve(value: Value): void {
    clearTimeout(this.#timer);
    this.#resolve(value);
  }

  reject(error: Error): void {
    clearTimeout(this.#timer);
    this.#reject(error);
  }
}
