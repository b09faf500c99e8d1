import { Worker } from "node:worker_threads";
import { describeError, type Log } from "../../protocol/log.ts";
import type { VadLogEvent } from "./log-events.ts";
import {
  AT_REST,
  BUSY,
  createBatchMemory,
  type FromThread,
  type SileroRuntime,
  type ThreadData,
  type ToThread,
} from "./silero-batch.ts";
import { type SileroFiles, sileroFiles } from "./silero-files.ts";

/** Loading takes 0.1 s with the native library, 0.5 s with WebAssembly; a machine may be busy. */
const LOAD_TIMEOUT_MS = 30_000;
/** A full batch takes 5 ms, as WebAssembly 20 ms. A thread that needs longer than this hangs. */
const BATCH_TIMEOUT_MS = 3_000;
/** A thread that should end does so within a batch, or within its loading. */
const END_TIMEOUT_MS = 1_000;
/** A process that exits waits so long for the batch under way, or for the loading. */
const EXIT_WAIT_MS = 500;
/** A thread that died is followed by another one after this, then after twice as long each time ... */
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;
/** ... until one has lived for so long. */
const STEADY_MS = 60_000;

export interface SileroWorkerOptions {
  log: Log<VadLogEvent & { level?: "warn" | "error" }>;
  /** The only runtime to try; by default the native one, then WebAssembly. */
  runtime?: SileroRuntime;
  files?: SileroFiles;
}

export interface SileroWorkerEvents {
  /** A batch may be sent. Not told again after each batch. */
  ready(): void;
  /** What was sent last is judged. The next one may be sent. */
  judged(size: number): void;
  /** A batch under way does not come back, and none may be sent until `ready`. */
  lost(): void;
}

interface Running {
  worker: Worker;
  runtime: SileroRuntime;
  readyAt: number;
}

type Life =
  | { kind: "loading"; worker: Worker; deadline: NodeJS.Timeout }
  | ({ kind: "idle" } & Running)
  | ({ kind: "busy"; deadline: NodeJS.Timeout } & Running)
  /** It hangs, and was told to end. While it does not, there is no other one: it may keep a core busy. */
  | { kind: "given-up"; worker: Worker; restartInMs: number }
  | { kind: "waiting"; timer: NodeJS.Timeout }
  /** The model cannot be loaded here. */
  | { kind: "unusable" }
  | { kind: "closed" };

/** Owns the model's thread: starts it, starts it again when it dies or hangs, and ends it. One batch at a time. */
export class SileroWorker {
  readonly #options: SileroWorkerOptions;
  readonly #events: SileroWorkerEvents;
  #life: Life;
  /** Threads lost since the last steady one. */
  #lostInARow = 0;
  #restarts = 0;
  #batch = createBatchMemory();
  #closing: Promise<void> | undefined;
  /** Shared with the thread: see `#awaitRest`. */
  readonly #busy = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #awaitRest = () => awaitRest(this.#busy);

  constructor(options: SileroWorkerOptions, events: SileroWorkerEvents) {
    this.#options = options;
    this.#events = events;
    process.once("exit", this.#awaitRest);
    this.#life = this.#start();
  }

  /** What runs the model now; nothing while it is loading, and when it cannot. */
  get runtime(): SileroRuntime | undefined {
    return this.#life.kind === "idle" || this.#life.kind === "busy" ? this.#life.runtime : undefined;
  }

  get isIdle(): boolean {
    return this.#life.kind === "idle";
  }

  /** Also those that failed. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Where a batch is put before it is sent, and found when it is judged. Each thread has its own. */
  get batch(): SharedArrayBuffer {
    return this.#batch;
  }

  /** @throws Error when it is not idle */
  send(size: number): void {
    const life = this.#life;
    if (life.kind !== "idle") throw new Error(`The thread is ${life.kind}.`);
    const deadline = setTimeout(() => this.#giveUp("a batch took too long"), BATCH_TIMEOUT_MS);
    this.#life = { ...life, kind: "busy", deadline };
    Atomics.store(this.#busy, 0, BUSY);
    say(life.worker, { kind: "judge", size });
  }

  /** Resolves when the thread is gone, or does not go. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const life = this.#life;
    this.#life = { kind: "closed" };
    clearTimers(life);
    if (!("worker" in life)) {
      process.off("exit", this.#awaitRest);
      return;
    }
    const gone = Promise.withResolvers<void>();
    life.worker.once("exit", () => {
      process.off("exit", this.#awaitRest);
      gone.resolve();
    });
    say(life.worker, { kind: "end" });
    const deadline = setTimeout(() => gone.resolve(), END_TIMEOUT_MS);
    await gone.promise;
    clearTimeout(deadline);
  }

  /** A machine that has no thread to give now, as where their number is bounded, is asked again later. */
  #start(): Life {
    try {
      return this.#load();
    } catch (thrown) {
      Atomics.store(this.#busy, 0, AT_REST);
      return this.#wait(this.#lose(describeError(thrown)));
    }
  }

  /** @throws Error when there is no thread to be had */
  #load(): Life {
    const { files = sileroFiles(), runtime } = this.#options;
    // Not that of the thread before, which may still write to it.
    this.#batch = createBatchMemory();
    const workerData: ThreadData = {
      model: files.model,
      wasm: files.wasm,
      batch: this.#batch,
      busy: this.#busy,
      ...(runtime === undefined ? {} : { runtime }),
    };
    const startedAt = performance.now();
    Atomics.store(this.#busy, 0, BUSY);
    // The inspector and the test runner have options that are not for a thread of ours.
    const worker = new Worker(files.thread, { workerData, execArgv: [], name: "silero" });
    let failure = "it ended";
    worker.on("message", (message: FromThread) => this.#hear(worker, message, startedAt));
    worker.on("error", (thrown) => {
      failure = describeError(thrown);
    });
    worker.on("exit", () => this.#exited(worker, failure));
    // The calls keep the process alive, not this. Only now: a listener would have undone it.
    worker.unref();
    const deadline = setTimeout(() => this.#giveUp("loading took too long"), LOAD_TIMEOUT_MS);
    deadline.unref();
    return { kind: "loading", worker, deadline };
  }

  #hear(worker: Worker, message: FromThread, startedAt: number): void {
    const life = this.#life;
    switch (message.kind) {
      case "ready": {
        if (life.kind !== "loading") return;
        clearTimers(life);
        const { runtime, nativeFailure } = message;
        const readyAt = performance.now();
        const loadMs = Math.round(readyAt - startedAt);
        if (nativeFailure !== undefined)
          this.#options.log({ event: "vad.native_unavailable", level: "warn", detail: nativeFailure });
        this.#options.log({ event: "vad.ready", runtime, loadMs });
        this.#life = { kind: "idle", worker, runtime, readyAt };
        this.#events.ready();
        return;
      }
      case "unusable":
        if (life.kind !== "loading") return;
        clearTimers(life);
        this.#life = { kind: "unusable" };
        this.#options.log({ event: "vad.unusable", level: "error", detail: message.detail });
        return;
      case "judged":
        if (life.kind !== "busy") return;
        clearTimers(life);
        this.#life = { kind: "idle", worker, runtime: life.runtime, readyAt: life.readyAt };
        this.#events.judged(message.size);
    }
  }

  #exited(worker: Worker, failure: string): void {
    Atomics.store(this.#busy, 0, AT_REST);
    const life = this.#life;
    if (!("worker" in life) || life.worker !== worker) return;
    this.#life = this.#wait(life.kind === "given-up" ? life.restartInMs : this.#lose(failure, life));
    if (life.kind !== "given-up") this.#events.lost();
  }

  #giveUp(detail: string): void {
    const life = this.#life;
    if (life.kind !== "loading" && life.kind !== "busy") return;
    this.#life = { kind: "given-up", worker: life.worker, restartInMs: this.#lose(detail, life) };
    say(life.worker, { kind: "end" });
    this.#events.lost();
  }

  #wait(restartInMs: number): Life {
    const timer = setTimeout(() => {
      this.#restarts += 1;
      this.#life = this.#start();
    }, restartInMs);
    timer.unref();
    return { kind: "waiting", timer };
  }

  /** @param life of the thread, if there was one. @returns how long to wait before there is another one */
  #lose(detail: string, life?: Life): number {
    if (life) clearTimers(life);
    const wasSteady =
      life !== undefined && "readyAt" in life && performance.now() - life.readyAt >= STEADY_MS;
    this.#lostInARow = wasSteady ? 1 : this.#lostInARow + 1;
    const restartInMs = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** (this.#lostInARow - 1));
    this.#options.log({ event: "vad.thread_lost", level: "warn", detail, restartInMs });
    return restartInMs;
  }
}

/**
 * A process that exits terminates its threads, and a thread within native code then aborts it. So the exit waits until
 * that has returned, though not for ever.
 */
function awaitRest(busy: Int32Array): void {
  Atomics.wait(busy, 0, BUSY, EXIT_WAIT_MS);
}

function say(worker: Worker, message: ToThread): void {
  worker.postMessage(message);
}

function clearTimers(life: Life): void {
  if ("deadline" in life) clearTimeout(life.deadline);
  if ("timer" in life) clearTimeout(life.timer);
}
