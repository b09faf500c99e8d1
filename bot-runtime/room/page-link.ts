import type { WebSocket } from "ws";
import { BatchReader } from "./bridge/audio-frames.ts";
import { FromPage, type ToPage } from "./bridge/control.ts";
import { BEAT, BEAT_MS, MAIN_BEAT, MAX_HOST_BACKLOG_BYTES } from "./bridge/limits.ts";
import { PageHealth } from "./page-health.ts";

export interface PageLinkEvents {
  control(message: FromPage): void;
  /** The frames of one batch; the reader is used up by the callee. */
  batch(frames: BatchReader): void;
  /** What came did not parse. It was ignored. */
  malformed(): void;
  /** Asked at every beat: whether the audio thread has anything to do. */
  hasCalls(): boolean;
  /** The page is not to be had any more; the last event. */
  lost(detail: string): void;
}

/** Node's end of one page's socket: heartbeat, parsing and backpressure. */
export class PageLink {
  readonly #socket: WebSocket;
  readonly #events: PageLinkEvents;
  readonly #health = new PageHealth();
  readonly #beat: NodeJS.Timeout;
  #open = true;

  constructor(socket: WebSocket, events: PageLinkEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#beat = setInterval(() => this.#onBeat(), BEAT_MS);
    socket.on("message", (data, isBinary) => {
      // `ws` gives one Buffer as long as its binaryType is left at "nodebuffer".
      if (!Buffer.isBuffer(data)) return events.malformed();
      if (isBinary) this.#onBatch(data);
      else this.#onText(data.toString("utf8"));
    });
    socket.on("close", () => this.#lose("Its socket closed"));
    socket.on("error", () => this.#lose("Its socket broke"));
  }

  control(message: ToPage): void {
    this.#send(JSON.stringify(message));
  }

  batch(bytes: Uint8Array): void {
    this.#send(bytes);
  }

  /** Without `lost`. Idempotent. */
  close(): void {
    this.#open = false;
    clearInterval(this.#beat);
    this.#socket.terminate();
  }

  #send(data: string | Uint8Array): void {
    if (!this.#open) return;
    if (this.#socket.bufferedAmount > MAX_HOST_BACKLOG_BYTES) {
      this.#lose("It does not read");
      return;
    }
    this.#socket.send(data);
  }

  #onBeat(): void {
    const silent = this.#health.look({ callsOpen: this.#events.hasCalls() });
    if (silent) this.#lose(`Its ${silent} thread is silent`);
    else this.#send(BEAT);
  }

  #onBatch(bytes: Buffer): void {
    this.#health.heard("worker");
    this.#health.heard("audio");
    const frames = new BatchReader(bytes);
    this.#events.batch(frames);
    if (frames.malformed) this.#events.malformed();
  }

  #onText(text: string): void {
    this.#health.heard("worker");
    if (text === BEAT) return;
    this.#health.heard("main");
    if (text === MAIN_BEAT) return;
    const message = parse(text);
    if (message) this.#events.control(message);
    else this.#events.malformed();
  }

  #lose(detail: string): void {
    if (!this.#open) return;
    this.close();
    this.#events.lost(detail);
  }
}

function parse(text: string): FromPage | undefined {
  try {
    return FromPage.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
