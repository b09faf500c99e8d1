/** After a failed preparation the next try waits this long, doubled each time up to the maximum. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** A thing that has to be closed when it is not needed after all. */
export interface Closable {
  close(): Promise<void>;
}

export interface WarmOptions<Item> {
  prepare(): Promise<Item>;
  prepared(ms: number): void;
  failed(thrown: unknown): void;
}

type State<Item> =
  | { kind: "preparing"; item: Promise<Item> }
  /** The prepared one was taken; the next is prepared once that one is ready. */
  | { kind: "taken" }
  | { kind: "waiting"; timer: ReturnType<typeof setTimeout> }
  | { kind: "closed" };

/** Keeps one prepared thing ahead of need, so that whoever takes it need not wait for its preparation. */
export class Warm<Item extends Closable> {
  readonly #options: WarmOptions<Item>;
  #state: State<Item> = { kind: "taken" };
  #retryMs = RETRY_FIRST_MS;

  constructor(options: WarmOptions<Item>) {
    this.#options = options;
    this.#refill();
  }

  /** The prepared one, or one prepared now. @throws what `prepare` threw */
  async take(): Promise<Item> {
    const state = this.#state;
    if (state.kind === "closed") throw new Error("The page is closing");
    if (state.kind === "waiting") clearTimeout(state.timer);
    this.#state = { kind: "taken" };
    try {
      // What is being prepared may be failing since long ago: then one fresh try.
      return await (state.kind === "preparing" ? state.item.catch(() => this.#prepare()) : this.#prepare());
    } finally {
      this.#refill();
    }
  }

  close(): void {
    if (this.#state.kind === "waiting") clearTimeout(this.#state.timer);
    if (this.#state.kind === "preparing")
      this.#state.item.then((item) => item.close()).catch(() => undefined);
    this.#state = { kind: "closed" };
  }

  async #prepare(): Promise<Item> {
    const startedAt = performance.now();
    try {
      const item = await this.#options.prepare();
      this.#retryMs = RETRY_FIRST_MS;
      this.#options.prepared(performance.now() - startedAt);
      return item;
    } catch (thrown) {
      this.#options.failed(thrown);
      throw thrown;
    }
  }

  #refill(): void {
    if (this.#state.kind !== "taken") return;
    const item = this.#prepare();
    this.#state = { kind: "preparing", item };
    item.catch(() => {
      if (this.#state.kind === "preparing" && this.#state.item === item) this.#retryLater();
    });
  }

  #retryLater(): void {
    const timer = setTimeout(() => {
      this.#state = { kind: "taken" };
      this.#refill();
    }, this.#retryMs);
    this.#state = { kind: "waiting", timer };
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MAX_MS);
  }
}
