import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import { type BatchReader, FrameKind } from "./bridge/audio-frames.ts";
import type { FromPage, ToPage } from "./bridge/control.ts";
import { MAX_APP_MESSAGE_CHARS } from "./bridge/limits.ts";
import { CallRemains } from "./call-remains.ts";
import { Deferred } from "./deferred.ts";
import type { RoomLog } from "./log-events.ts";
import {
  type Room,
  type RoomEnd,
  RoomError,
  type RoomEvents,
  type RoomHostStats,
  type RoomOptions,
} from "./room.ts";
import { RoomAudio } from "./room-audio.ts";
import { roomEndOf } from "./room-end.ts";

/** The call machine may have to be fetched first: three tries of daily-js, a few seconds apart. */
const OPEN_MAX_MS = 20_000;
const JOIN_MAX_MS = 20_000;
/** The page gives Daily 2 s to leave. */
const CLOSE_MAX_MS = 5_000;

/**
 * After a join in place of a lost page: until the listeners' browsers have the new track, nobody hears what it plays.
 * WebRTC takes some 200 ms for it on loopback, and a round trip or two more over a network.
 */
const TRACK_CARRIES_MS = 500;

/** A message of the page that is about one call. */
export type CallMessage = Extract<FromPage, { call: number }>;

/** What a room needs of its page. */
export interface PageWire {
  control(message: ToPage): void;
  /** Sends a frame without payload, after all that was sent before. */
  mark(frame: { call: number; kind: FrameKind; generation: number; seq: number }): void;
  /** Sends what the room's `nextFrame` has. */
  pump(room: ChromiumRoom): void;
  /** The room's number is free again. */
  release(room: ChromiumRoom): void;
  readonly counters: RoomHostStats;
}

export interface ChromiumRoomMaking {
  call: number;
  options: RoomOptions;
  events: RoomEvents;
  wire: PageWire;
  log: RoomLog;
  /** Of the page before, if the call goes on in this one. */
  remains?: CallRemains | undefined;
}

type State =
  | { kind: "opening" }
  | { kind: "open" }
  | { kind: "joining"; joined: Deferred<void>; startedAt: number }
  | { kind: "joined" }
  /** The bot was told; the page still has to free the call. */
  | { kind: "ended"; closed: Deferred<void>; lost: boolean };

/** A room in place of a lost one holds its voice until that can be heard. */
type Voice = { kind: "free" } | { kind: "held"; timer: NodeJS.Timeout | undefined };

/** One call in a page of our Chromium. */
export class ChromiumRoom implements Room {
  readonly call: number;
  readonly #options: RoomOptions;
  readonly #events: RoomEvents;
  readonly #wire: PageWire;
  readonly #log: RoomLog;
  readonly #audio: RoomAudio;
  readonly #opened: Deferred<void>;
  readonly #remains: CallRemains;
  #voice: Voice = { kind: "free" };
  #state: State = { kind: "opening" };

  constructor({ call, options, events, wire, log, remains }: ChromiumRoomMaking) {
    this.call = call;
    this.#options = options;
    this.#events = events;
    this.#wire = wire;
    this.#log = log;
    this.#audio = new RoomAudio(events, wire.counters, remains?.ledger);
    this.#remains = remains ?? new CallRemains(this.#audio.ledger);
    if (remains) this.#voice = { kind: "held", timer: undefined };
    this.#opened = new Deferred<void>(
      OPEN_MAX_MS,
      () => new RoomError("lost", "The page did not open a call"),
    );
    wire.control({ type: "open", call });
  }

  /** Resolves when the page has the call ready. On failure the room is freed. @throws RoomError */
  async opened(): Promise<this> {
    try {
      await this.#opened.promise;
      return this;
    } catch (thrown) {
      await this.#free("failed");
      throw thrown;
    }
  }

  /** What another room can go on with, if this one was lost. */
  get remains(): CallRemains | undefined {
    return this.#isLost ? this.#remains : undefined;
  }

  /** Whether the page's audio thread has it: from `opened` until its end. */
  get live(): boolean {
    return this.#state.kind !== "opening" && this.#state.kind !== "ended";
  }

  async join(): Promise<void> {
    if (this.#state.kind !== "open") throw new RoomError("closed", `The room is ${this.#state.kind}`);
    const joined = new Deferred<void>(JOIN_MAX_MS, () => {
      const error = new RoomError("join-timeout", `Joining took more than ${JOIN_MAX_MS} ms`);
      this.#end({ kind: "failed", detail: error.message }, error);
      return error;
    });
    this.#state = { kind: "joining", joined, startedAt: performance.now() };
    const { url, token, userName } = this.#options;
    this.#wire.control({ type: "join", call: this.call, url, token, userName });
    await joined.promise;
  }

  sendAppMessage(data: unknown): void {
    const isBetween = this.#isLost || (this.#voice.kind === "held" && this.#state.kind !== "ended");
    if (this.#state.kind !== "joined" && !isBetween) {
      throw new RoomError("closed", `The room is ${this.#state.kind}`);
    }
    const chars = JSON.stringify(data)?.length ?? 0;
    if (chars > MAX_APP_MESSAGE_CHARS) {
      throw new RoomError("message-too-large", `${chars} of ${MAX_APP_MESSAGE_CHARS} characters`);
    }
    if (this.#state.kind === "joined") this.#send(data);
    else this.#remains.keep(data);
  }

  play(pcm: Int16Array, generation: number): void {
    if (this.#state.kind === "ended" && !this.#isLost) return;
    if (this.#audio.ledger.play(pcm, generation) === "full") {
      const droppedMs = Math.round((pcm.length * 1000) / OUTPUT_SAMPLE_RATE);
      this.#log({
        event: "room.speech_dropped",
        level: "warn",
        sessionId: this.#options.sessionId,
        droppedMs,
      });
    }
    this.#wire.pump(this);
  }

  pause(): void {
    this.#remains.paused = true;
    this.#mark(FrameKind.pause, 0);
  }

  resume(): void {
    this.#remains.paused = false;
    this.#mark(FrameKind.resume, 0);
  }

  flush(generation: number): void {
    this.#remains.paused = false;
    this.#audio.ledger.flush(generation);
    this.#mark(FrameKind.flush, generation);
    this.#wire.pump(this);
  }

  republish(): void {
    if (this.#state.kind === "joined") this.#wire.control({ type: "republish", call: this.call });
  }

  async close(): Promise<void> {
    await this.#free("left");
  }

  /** The next audio frame for the page, if it has room for one. */
  nextFrame(): { pcm: Int16Array; generation: number; seq: number } | undefined {
    if (this.#voice.kind === "held" || this.#state.kind === "ended") return undefined;
    const chunk = this.#audio.ledger.next();
    return chunk && { ...chunk, seq: this.#audio.nextSeq() };
  }

  /** A control message of the page. */
  control(message: CallMessage): void {
    const state = this.#state;
    if (state.kind === "ended") {
      if (message.type === "closed") this.#freed(state.closed);
      return;
    }
    switch (message.type) {
      case "opened":
        if (state.kind !== "opening") return;
        this.#state = { kind: "open" };
        this.#opened.resolve();
        return;
      case "open-failed":
        if (state.kind === "opening") this.#opened.reject(new RoomError("open-failed", message.detail));
        return;
      case "joined":
        if (state.kind === "joining") this.#joined(state);
        return;
      case "participant-joined":
        this.#events.participantJoined(message.participant);
        return;
      case "participant-left":
        this.#events.participantLeft(message.participant);
        return;
      case "app-message":
        this.#events.appMessage(message.data, message.fromId);
        return;
      case "ended":
        this.#end(
          roomEndOf(message.errorType, message.detail),
          new RoomError(message.errorType, message.detail),
        );
        return;
      case "closed":
        this.#end({ kind: "lost", detail: "The page closed the call" });
        return;
    }
  }

  /** A frame of the page. */
  frame(frames: BatchReader): void {
    this.#audio.receive(frames, this.#state.kind !== "ended");
  }

  /** The page is gone and takes the call with it. */
  lost(detail: string): void {
    this.#end({ kind: "lost", detail }, new RoomError("lost", detail));
    if (this.#state.kind === "ended") this.#freed(this.#state.closed);
  }

  #joined({ joined, startedAt }: Extract<State, { kind: "joining" }>): void {
    this.#state = { kind: "joined" };
    const joinMs = Math.round(performance.now() - startedAt);
    this.#log({ event: "room.joined", sessionId: this.#options.sessionId, joinMs });
    if (this.#voice.kind === "held") {
      this.#voice.timer = setTimeout(() => this.#goOn(), TRACK_CARRIES_MS);
      for (const data of this.#remains.takeMessages()) this.#send(data);
    }
    joined.resolve();
  }

  #send(data: unknown): void {
    this.#wire.control({ type: "send", call: this.call, data });
  }

  /** Takes up the speech where the lost page had come to. */
  #goOn(): void {
    this.#voice = { kind: "free" };
    for (const playout of this.#audio.ledger.goOn()) this.#events.playout(playout);
    if (this.#remains.paused) this.pause();
    this.#wire.pump(this);
  }

  get #isLost(): boolean {
    return this.#state.kind === "ended" && this.#state.lost;
  }

  #mark(kind: FrameKind, generation: number): void {
    if (this.#state.kind === "ended" || this.#voice.kind === "held") return;
    this.#wire.mark({ call: this.call, kind, generation, seq: this.#audio.nextSeq() });
  }

  /** Ends the room for the bot and asks the page to free the call. Only the first end counts. */
  #end(end: RoomEnd, error = new RoomError("closed", "The room was closed")): void {
    const before = this.#state;
    if (before.kind === "ended") return;
    const { sessionId } = this.#options;
    const closed = new Deferred<void>(
      CLOSE_MAX_MS,
      () => new RoomError("lost", "The page did not close a call"),
    );
    this.#state = { kind: "ended", closed, lost: end.kind === "lost" };
    if (this.#voice.kind === "held") clearTimeout(this.#voice.timer);
    this.#wire.control({ type: "close", call: this.call });
    if (before.kind === "joining") {
      this.#log({ event: "room.join_failed", level: "warn", sessionId, errorType: error.type });
      before.joined.reject(error);
    }
    // A room that never opened has no bot that waits for its end: `opened` rejects instead.
    if (before.kind === "opening") {
      this.#opened.reject(error);
      return;
    }
    this.#log({
      event: "room.ended",
      sessionId,
      end: end.kind,
      framesLost: this.#audio.framesLost,
      underruns: this.#audio.ledger.underruns,
    });
    this.#events.ended(end);
  }

  async #free(end: "left" | "failed"): Promise<void> {
    this.#end(end === "left" ? { kind: "left" } : { kind: "failed", detail: "The call did not open" });
    // A page that does not answer is found out by its heartbeat; its calls end with it.
    if (this.#state.kind === "ended") await this.#state.closed.promise.catch(() => undefined);
  }

  #freed(closed: Deferred<void>): void {
    closed.resolve();
    this.#wire.release(this);
  }
}
