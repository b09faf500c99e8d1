import { batchViews, MAX_BATCH, type SileroRuntime } from "./silero-batch.ts";
import { SileroStream } from "./silero-stream.ts";
import { SileroWorker, type SileroWorkerOptions } from "./silero-worker.ts";
import type { SpeechModel, SpeechModelEvents } from "./speech-model.ts";

/**
 * How long a window waits for those of other calls. Alone it costs 0.3 ms of the thread's time, in a batch of eight
 * 0.1 ms. Part of what it takes until a start of speech is told.
 */
const GATHER_MS = 12;
/** Losses are logged no more often than this. */
const LOSS_LOG_MS = 10_000;

/** Totals since the start, for `/metrics`. */
export interface SileroStats {
  /** What judges the calls: nothing but their loudness while it is undefined. */
  runtime: SileroRuntime | undefined;
  windows: number;
  batches: number;
  /** Windows that were never judged: the model was too slow for so many calls. */
  windowsLost: number;
  threadRestarts: number;
}

/**
 * Silero's voice activity model, one for all calls of a process, in a thread of its own. A window of 32 ms is judged
 * together with those of other calls that are ready; no more than one of each call at a time, since the next one needs
 * the memory of the one before.
 */
export class Silero {
  readonly #log: SileroWorkerOptions["log"];
  readonly #worker: SileroWorker;
  readonly #streams = new Set<SileroStream>();
  /** Those with a window to be judged, in order of their windows. */
  readonly #ready = new Set<SileroStream>();
  /** The rows of the batch under way. */
  #rows: SileroStream[] = [];
  #gathering: NodeJS.Timeout | undefined;
  /** Whether those that are ready have waited long enough for others. */
  #isDue = false;
  #windows = 0;
  #batches = 0;
  #windowsLost = 0;
  #loss: { count: number; timer: NodeJS.Timeout } | undefined;

  constructor(options: SileroWorkerOptions) {
    this.#log = options.log;
    this.#worker = new SileroWorker(options, {
      ready: () => {
        for (const stream of this.#streams) stream.available(true);
      },
      judged: (size) => this.#judged(size),
      lost: () => this.#lost(),
    });
  }

  get stats(): SileroStats {
    return {
      runtime: this.#worker.runtime,
      windows: this.#windows,
      batches: this.#batches,
      windowsLost: this.#windowsLost,
      threadRestarts: this.#worker.restarts,
    };
  }

  /** See `OpenSpeechModel`. */
  open(events: SpeechModelEvents): SpeechModel {
    const stream = new SileroStream(events);
    this.#streams.add(stream);
    if (this.#worker.runtime) stream.available(true);
    return {
      hear: (pcm) => this.#hear(stream, pcm),
      refresh: () => stream.refresh(),
      pause: () => {
        stream.pause();
        this.#ready.delete(stream);
      },
      close: () => {
        stream.pause();
        this.#streams.delete(stream);
        this.#ready.delete(stream);
      },
    };
  }

  /** Resolves when its thread is gone. Nothing is told any more. Idempotent. */
  async close(): Promise<void> {
    this.#stopGathering();
    clearTimeout(this.#loss?.timer);
    this.#logLoss();
    this.#streams.clear();
    this.#ready.clear();
    this.#rows = [];
    await this.#worker.close();
  }

  #hear(stream: SileroStream, pcm: Int16Array): void {
    if (!this.#streams.has(stream)) return;
    if (!this.#worker.runtime) {
      stream.skip(pcm);
      return;
    }
    const lost = stream.add(pcm);
    if (lost > 0) this.#countLoss(lost);
    if (!stream.isWaiting || this.#ready.has(stream)) return;
    this.#ready.add(stream);
    this.#gather();
  }

  /** Sends what is ready: soon, or at once when nobody is to be waited for. */
  #gather(): void {
    if (this.#ready.size === 0) return;
    if (this.#ready.size >= Math.min(this.#streams.size, MAX_BATCH)) this.#isDue = true;
    if (this.#isDue) this.#send();
    else this.#gathering ??= setTimeout(() => this.#sendSoon(), GATHER_MS);
  }

  #sendSoon(): void {
    this.#isDue = true;
    this.#send();
  }

  /** Without effect while a batch is under way: its end calls this again. */
  #send(): void {
    if (!this.#worker.isIdle || this.#ready.size === 0) return;
    this.#stopGathering();
    this.#rows = [...this.#ready].slice(0, MAX_BATCH);
    const size = this.#rows.length;
    const views = batchViews(this.#worker.batch, size);
    for (const [row, stream] of this.#rows.entries()) {
      stream.write(views, { row, size });
      this.#ready.delete(stream);
    }
    this.#worker.send(size);
  }

  #judged(size: number): void {
    this.#windows += size;
    this.#batches += 1;
    const views = batchViews(this.#worker.batch, size);
    const rows = this.#rows;
    this.#rows = [];
    for (const [row, stream] of rows.entries()) {
      stream.read(views, { row, size });
      // It may have been closed meanwhile, also by what it just told.
      if (!stream.isWaiting || !this.#streams.has(stream)) continue;
      this.#ready.add(stream);
      // It is behind, and has waited already.
      this.#isDue = true;
    }
    this.#gather();
  }

  #lost(): void {
    this.#stopGathering();
    this.#rows = [];
    this.#ready.clear();
    for (const stream of this.#streams) stream.available(false);
  }

  #stopGathering(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#isDue = false;
  }

  #countLoss(count: number): void {
    this.#windowsLost += count;
    if (this.#loss) {
      this.#loss.count += count;
      return;
    }
    const timer = setTimeout(() => this.#logLoss(), LOSS_LOG_MS);
    timer.unref();
    this.#loss = { count, timer };
  }

  #logLoss(): void {
    if (this.#loss) this.#log({ event: "vad.windows_lost", level: "warn", count: this.#loss.count });
    this.#loss = undefined;
  }
}
