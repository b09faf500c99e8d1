import { type BatchReader, BatchWriter, FrameKind } from "./bridge/audio-frames.ts";
import type { Admission, BridgeServer } from "./bridge/bridge-server.ts";
import type { FromPage } from "./bridge/control.ts";
import { LATE_BATCH_MS, MAX_CALL, MAX_MESSAGE_BYTES } from "./bridge/limits.ts";
import type { Browser, Tab } from "./browser.ts";
import type { CallRemains } from "./call-remains.ts";
import { ChromiumRoom, type PageWire } from "./chromium-room.ts";
import { Deferred } from "./deferred.ts";
import type { RoomLog } from "./log-events.ts";
import { PageLink } from "./page-link.ts";
import { RoomError, type RoomEvents, type RoomHostStats, type RoomOptions } from "./room.ts";

const START_MAX_MS = 15_000;

export interface RoomPageOptions {
  number: number;
  browser: Browser;
  bridge: BridgeServer;
  slots: number;
  /** It takes no more calls than that in its life: each leaves some 4 kB in the browser. */
  maxCalls?: number;
  callMachineUrl: string | undefined;
  counters: RoomHostStats;
  log: RoomLog;
  /** The page went away by itself; its rooms were told. */
  lost(page: RoomPage): void;
  /** A call of it is over. */
  released(page: RoomPage): void;
}

type State =
  | { kind: "starting"; ready: Deferred<void> }
  | { kind: "live" }
  /** A crash, a closed socket or a silence; or our own `close`. */
  | { kind: "over" };

/** One page of the browser with its calls. */
export class RoomPage {
  readonly number: number;
  readonly browser: Browser;
  readonly #options: RoomPageOptions;
  readonly #rooms = new Map<number, ChromiumRoom>();
  readonly #writer = new BatchWriter(new ArrayBuffer(MAX_MESSAGE_BYTES));
  readonly #wire: PageWire;
  readonly #admission: Admission;
  #state: State;
  #link: PageLink | undefined;
  #tab: Tab | undefined;
  #lastCall = 0;
  #callsTaken = 0;
  #retired = false;
  /** When the last batch came, on `performance.now()`'s clock, since the audio thread owes them. */
  #lastBatchAt: number | undefined;
  #renderQuantum = 0;

  /** Resolves when the page can take calls. @throws Error when it cannot; nothing is left of it then */
  static async open(options: RoomPageOptions): Promise<RoomPage> {
    const page = new RoomPage(options);
    try {
      await page.#start();
      return page;
    } catch (thrown) {
      await page.close("The page did not start");
      throw thrown;
    }
  }

  private constructor(options: RoomPageOptions) {
    this.#options = options;
    this.number = options.number;
    this.browser = options.browser;
    const ready = new Deferred<void>(START_MAX_MS, () => new Error(`No page within ${START_MAX_MS} ms`));
    this.#state = { kind: "starting", ready };
    this.#admission = options.bridge.admit((socket) => {
      this.#link = new PageLink(socket, {
        control: (message) => this.#control(message),
        batch: (frames) => this.#batch(frames),
        malformed: () =>
          this.#options.log({ event: "bridge.malformed", level: "warn", page: options.number }),
        hasCalls: () => this.#owesBatches,
        lost: (detail) => this.#lose(detail),
      });
    });
    this.#wire = {
      counters: options.counters,
      control: (message) => this.#link?.control(message),
      mark: (frame) => {
        if (!this.#writer.mark(frame)) return;
        this.#flush();
      },
      pump: (room) => {
        this.#write(room);
        this.#flush();
      },
      release: (room) => this.#release(room),
    };
  }

  /** Whether it answers and can take calls, now or when one has ended. */
  get live(): boolean {
    return this.#state.kind === "live";
  }

  get roomCount(): number {
    return this.#rooms.size;
  }

  /** Calls that it can take now. */
  get freeSlots(): number {
    const { slots, maxCalls = Number.POSITIVE_INFINITY } = this.#options;
    if (!this.live || this.#retired) return 0;
    return Math.min(slots - this.#rooms.size, maxCalls - this.#callsTaken);
  }

  /** From now on it takes no calls; those it has go on. */
  retire(): void {
    this.#retired = true;
  }

  /** For tests and diagnosis. */
  evaluate(expression: string): Promise<unknown> {
    return this.#tab?.evaluate(expression) ?? Promise.reject(new Error("The page has no tab"));
  }

  /** @throws RoomError when the call cannot be prepared, or there is no free slot */
  async openRoom(options: RoomOptions, events: RoomEvents, remains?: CallRemains): Promise<ChromiumRoom> {
    if (this.freeSlots < 1) throw new RoomError("lost", "The page is full");
    const startedAt = performance.now();
    const call = this.#nextCall();
    const { log } = this.#options;
    this.#callsTaken++;
    const room = new ChromiumRoom({ call, options, events, wire: this.#wire, log, remains });
    this.#rooms.set(call, room);
    await room.opened();
    const alone = [...this.#rooms.values()].every((other) => other === room || !other.live);
    // Nothing was owed before.
    if (alone) this.#lastBatchAt = undefined;
    const openMs = Math.round(performance.now() - startedAt);
    const continues = remains ? { continues: true as const } : {};
    log({ event: "room.opened", sessionId: options.sessionId, page: this.number, openMs, ...continues });
    return room;
  }

  /** Ends its rooms as lost, and the page. Idempotent. */
  async close(detail: string): Promise<void> {
    if (this.#state.kind !== "over") this.#options.log({ event: "page.closed", page: this.number });
    this.#end(detail);
    await this.#tab?.close();
  }

  async #start(): Promise<void> {
    const startedAt = performance.now();
    const { browser, slots, callMachineUrl, log } = this.#options;
    const url = new URL(this.#admission.url);
    url.searchParams.set("slots", String(slots));
    if (callMachineUrl !== undefined) url.searchParams.set("callMachineUrl", callMachineUrl);
    this.#tab = await browser.open(url.href, { gone: (detail) => this.#lose(detail) });
    if (this.#state.kind === "starting") await this.#state.ready.promise;
    if (!this.live) throw new Error("The page went away while it started");
    log({
      event: "page.ready",
      page: this.number,
      startMs: Math.round(performance.now() - startedAt),
      renderQuantum: this.#renderQuantum,
    });
  }

  #control(message: FromPage): void {
    const { log } = this.#options;
    const page = this.number;
    switch (message.type) {
      case "ready":
        if (this.#state.kind !== "starting") return;
        this.#renderQuantum = message.renderQuantum;
        this.#state.ready.resolve();
        this.#state = { kind: "live" };
        return;
      case "page-error":
        log({ event: "page.error", level: "warn", page, detail: message.detail });
        if (message.fatal) this.#lose(message.detail);
        return;
      case "preloaded":
        log({ event: "page.preloaded", level: "debug", page, ms: Math.round(message.ms) });
        return;
      case "preload-failed":
        log({ event: "page.preload_failed", level: "warn", page, detail: message.detail });
        return;
      default:
        this.#rooms.get(message.call)?.control(message);
    }
  }

  /** As soon as a call is open the audio thread owes a batch every 20 ms. */
  get #owesBatches(): boolean {
    return [...this.#rooms.values()].some((room) => room.live);
  }

  /** The number after the last one, round and round: what is still under way of an old call finds no new one. */
  #nextCall(): number {
    do this.#lastCall = (this.#lastCall % MAX_CALL) + 1;
    while (this.#rooms.has(this.#lastCall));
    return this.#lastCall;
  }

  #batch(frames: BatchReader): void {
    const { counters } = this.#options;
    const now = performance.now();
    const owed = this.#owesBatches;
    if (owed && this.#lastBatchAt !== undefined) {
      const gapMs = now - this.#lastBatchAt;
      counters.maxGapMs = Math.max(counters.maxGapMs, gapMs);
      if (gapMs >= LATE_BATCH_MS) counters.lateBatches++;
    }
    this.#lastBatchAt = owed ? now : undefined;
    while (frames.next()) this.#rooms.get(frames.call)?.frame(frames);
    // The page's clock is the clock of sending, too: what it has played makes room for more.
    for (const room of this.#rooms.values()) this.#write(room);
    this.#flush();
  }

  #write(room: ChromiumRoom): void {
    for (let frame = room.nextFrame(); frame; frame = room.nextFrame()) {
      const header = {
        call: room.call,
        kind: FrameKind.play,
        generation: frame.generation,
        seq: frame.seq,
      };
      if (!this.#writer.audio(header, frame.pcm)) {
        this.#flush();
        this.#writer.audio(header, frame.pcm);
      }
      this.#options.counters.framesOut++;
    }
  }

  #flush(): void {
    if (this.#writer.length > 0) this.#link?.batch(this.#writer.take());
  }

  #release(room: ChromiumRoom): void {
    if (!this.#rooms.delete(room.call)) return;
    if (this.#state.kind === "live") this.#options.released(this);
  }

  #lose(detail: string): void {
    if (this.#state.kind === "over") return;
    const starting = this.#state.kind === "starting";
    const { log, lost } = this.#options;
    log({ event: "page.lost", level: "error", page: this.number, rooms: this.#rooms.size, detail });
    this.#end(detail);
    void this.#tab?.close();
    if (!starting) lost(this);
  }

  #end(detail: string): void {
    const before = this.#state;
    this.#state = { kind: "over" };
    if (before.kind === "starting") before.ready.reject(new Error(detail));
    for (const room of [...this.#rooms.values()]) room.lost(detail);
    this.#link?.close();
    this.#admission.revoke();
  }
}
