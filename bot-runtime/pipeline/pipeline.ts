import type { Frame } from "./frame.ts";
import type { Direction, Observer, Processor, Push } from "./processor.ts";

export interface PipelineOptions {
  /** In downstream order. */
  processors: readonly Processor[];
  observers?: readonly Observer[];
  /** A processor or an observer threw. The frame is lost for it; the pipeline goes on. */
  onError(where: string, thrown: unknown): void;
}

type State = "new" | "running" | "stopped";

/** Links processors into a chain and runs them from `start` to `stop`. Does no I/O and knows no clock. */
export class Pipeline {
  readonly #processors: readonly Processor[];
  readonly #observers: readonly Observer[];
  readonly #onError: PipelineOptions["onError"];
  readonly #pushes: readonly Push[];
  readonly #seen = new WeakSet<Frame>();
  #state: State = "new";

  constructor({ processors, observers = [], onError }: PipelineOptions) {
    this.#processors = processors;
    this.#observers = observers;
    this.#onError = onError;
    this.#pushes = processors.map((processor, index) => this.#pushOf(processor, index));
  }

  /** Starts the processors from the last to the first, so that whoever pushes at once finds its neighbours ready. */
  start(): void {
    if (this.#state !== "new") throw new Error(`A pipeline starts once; this one is ${this.#state}.`);
    this.#state = "running";
    for (const [index, processor] of [...this.#processors.entries()].reverse()) {
      const push = this.#pushes[index];
      if (push) this.#guard(processor.name, () => processor.start?.(push));
    }
  }

  /** Idempotent. Frames pushed from here on go nowhere: their session is over. */
  stop(): void {
    if (this.#state === "stopped") return;
    const wasRunning = this.#state === "running";
    this.#state = "stopped";
    if (!wasRunning) return;
    for (const processor of this.#processors) this.#guard(processor.name, () => processor.stop?.());
  }

  #pushOf(from: Processor, index: number): Push {
    return (frame, direction) => {
      if (this.#state !== "running") return;
      this.#observe(frame, direction, from.name);
      const next = index + step(direction);
      const neighbour = this.#processors[next];
      const push = this.#pushes[next];
      if (neighbour && push) this.#guard(neighbour.name, () => neighbour.process(frame, direction, push));
    };
  }

  /** A frame that is handed on is the same object, which is how its way through the chain counts once. */
  #observe(frame: Frame, direction: Direction, from: string): void {
    if (this.#seen.has(frame)) return;
    this.#seen.add(frame);
    for (const observer of this.#observers) {
      this.#guard("observer", () => observer.onFrame(frame, direction, from));
    }
  }

  /** One faulty step must not take the call down, nor throw into a socket's or a room's callback. */
  #guard(where: string, run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#onError(where, thrown);
    }
  }
}

function step(direction: Direction): 1 | -1 {
  return direction === "down" ? 1 : -1;
}
