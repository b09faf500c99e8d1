import type { StartSignal } from "../protocol/bot-host.ts";
import type { BotReport } from "../protocol/link.ts";
import { describeError } from "../protocol/log.ts";
import type { EndReason, Mark } from "../protocol/session.ts";
import { isBotUserId } from "../protocol/user-id.ts";
import { type BotPipelineDeps, createBotPipeline } from "./bot-pipeline.ts";
import { type BotEvent, type BotState, INITIAL, joinRetryMs, nextState, timersOf } from "./bot-state.ts";
import { BotTimers } from "./bot-timers.ts";
import type { EdgeLink, EdgeLinkEvents } from "./edge-link.ts";
import type { Frame } from "./pipeline/frame.ts";
import type { Pipeline } from "./pipeline/pipeline.ts";
import {
  type Participant,
  type Room,
  type RoomEnd,
  RoomError,
  type RoomEvents,
  type RoomHost,
} from "./room/room.ts";
import type { RoomInput } from "./room-io/room-input.ts";
import type { RoomOutput } from "./room-io/room-output.ts";

/** How long a bot waits for what. Milliseconds. */
export interface BotLimits {
  /** For the word that the room exists. After it, the bot tries to join all the same. */
  blindJoinMs: number;
  neverJoinedMs: number;
  clientGraceMs: number;
  idleMs: number;
}

export const BOT_LIMITS: BotLimits = {
  blindJoinMs: 1_500,
  neverJoinedMs: 90_000,
  clientGraceMs: 45_000,
  idleMs: 300_000,
};

export interface BotDeps
  extends Pick<BotPipelineDeps, "liveConnect" | "createSpeechModel" | "model" | "defaultVoice" | "log"> {
  roomHost: RoomHost;
  openLink(link: StartSignal["link"], events: EdgeLinkEvents): EdgeLink;
  limits: BotLimits;
}

/** App messages kept until the join is confirmed. A client says `client-ready` then, once or for each track. */
const MAX_EARLY_MESSAGES = 32;

/**
 * One bot: takes one call from start to end. It owns the pipeline, the room, the link and its timers; when `ended`
 * resolves none of them is left.
 */
export class Bot {
  readonly ended: Promise<EndReason>;
  readonly #signal: StartSignal;
  readonly #deps: BotDeps;
  readonly #link: EdgeLink;
  readonly #pipeline: Pipeline;
  readonly #input: RoomInput;
  readonly #output: RoomOutput;
  readonly #timers: BotTimers;
  readonly #clients = new Set<string>();
  readonly #marked = new Set<Mark>();
  readonly #startedAt = Date.now();
  readonly #resolveEnded: (reason: EndReason) => void;
  #room: Room | undefined;
  /** The last call of `open`; it may outlast the session, and must not outlast `ended`. */
  #opening: Promise<void>;
  /** Counts rooms: what an earlier one still says, whose join has failed, is about no call of ours. */
  #roomNumber = 0;
  /** Set when the room ended before its join was confirmed. */
  #endBeforeJoined: RoomEnd | undefined;
  /** App messages that came before the join was confirmed: until then the room takes no answer to them. */
  readonly #early: { data: unknown; fromId: string }[] = [];
  #state: BotState = INITIAL;

  constructor(signal: StartSignal, deps: BotDeps) {
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#signal = signal;
    this.#deps = deps;
    const { input, output, pipeline } = createBotPipeline(signal, {
      ...deps,
      onFrame: (frame) => this.#onFrame(frame),
      onEntry: (entry) => this.#link.report({ kind: "transcript", entry }),
    });
    this.#input = input;
    this.#output = output;
    this.#pipeline = pipeline;
    this.#timers = new BotTimers(
      (timer) => this.#durationOf(timer),
      (timer) => this.#apply({ kind: "timer", timer }),
    );
    deps.log({ event: "bot.started", language: signal.language });
    this.#link = deps.openLink(signal.link, {
      roomReady: () => this.#apply({ kind: "room-ready" }),
      stop: (reason) => this.stop(reason),
      fenced: () => this.stop("stopped"),
    });
    this.#timers.run(timersOf(this.#state));
    this.#pipeline.start();
    this.#opening = this.#open();
  }

  /** Ends the call, once; later reasons are not heeded. Wait for `ended`. */
  stop(reason: EndReason): void {
    this.#apply({ kind: "end", reason });
  }

  #onFrame(frame: Frame): void {
    switch (frame.type) {
      case "client-ready":
        this.#mark("clientReady");
        this.#deps.log({ event: "bot.client_ready", version: frame.version });
        this.#apply({ kind: "client-ready" });
        return;
      case "user-started-speaking":
      case "user-stopped-speaking":
      case "user-transcript":
      case "answer-text":
      case "bot-stopped-speaking":
        this.#timers.restart("idle");
        return;
      case "bot-started-speaking":
        this.#mark("firstBotAudio");
        this.#timers.restart("idle");
        return;
      case "first-audio":
        this.#deps.log({ event: "bot.first_audio", ttfbMs: frame.ttfbMs });
        return;
      case "usage":
        this.#link.report({ kind: "usage", usage: frame.usage });
        return;
      case "end-requested":
      case "failed":
        this.#apply({ kind: "end", reason: frame.reason });
    }
  }

  /** The one place where the state changes, and where that has consequences. */
  #apply(event: BotEvent): void {
    const before = this.#state;
    const state = nextState(before, event);
    this.#state = state;
    if (state === before) return;
    this.#timers.run(timersOf(state));
    if (state.kind === before.kind) return;
    if (state.kind === "ended") void this.#finish(state.reason);
    else if (state.kind === "joining") void this.#join();
    else if (state.kind === "preparing") this.#opening = this.#open();
  }

  #durationOf(timer: Parameters<BotTimers["restart"]>[0]): number {
    const { limits } = this.#deps;
    switch (timer) {
      case "blindJoin":
        return limits.blindJoinMs;
      case "joinRetry":
        return this.#state.kind === "retrying" ? joinRetryMs(this.#state.failedJoins) : 0;
      case "neverJoined":
        return limits.neverJoinedMs;
      case "clientGrace":
        return limits.clientGraceMs;
      case "idle":
        return limits.idleMs;
      case "expiry":
        return Date.parse(this.#signal.expiresAt) - Date.now();
    }
  }

  async #open(): Promise<void> {
    const { sessionId, room, token, botName } = this.#signal;
    this.#endBeforeJoined = undefined;
    try {
      const opened = await this.#deps.roomHost.open(
        { sessionId, url: room.url, token, userName: botName },
        this.#roomEvents(this.#roomNumber),
      );
      if (this.#state.kind === "ended") {
        await opened.close();
        return;
      }
      this.#room = opened;
      this.#output.attach(opened);
      this.#apply({ kind: "opened" });
    } catch (thrown) {
      if (this.#state.kind === "ended") return;
      this.#deps.log({ event: "bot.open_failed", level: "error", detail: describeError(thrown) });
      this.#apply({ kind: "open-failed" });
    }
  }

  async #join(): Promise<void> {
    const startedAt = Date.now();
    try {
      await this.#room?.join();
      if (this.#state.kind !== "joining") return;
      const joinMs = Date.now() - startedAt;
      this.#deps.log({ event: "bot.joined", joinMs, sinceStartMs: Date.now() - this.#startedAt });
      this.#mark("botJoined");
      this.#apply({ kind: "joined", clientPresent: this.#clients.size > 0 });
      for (const { data, fromId } of this.#early.splice(0)) this.#input.appMessage(data, fromId);
      if (this.#endBeforeJoined) this.#roomEnded(this.#endBeforeJoined);
    } catch (thrown) {
      if (this.#state.kind !== "joining") return;
      const type = thrown instanceof RoomError ? thrown.type : "unknown";
      this.#room = undefined;
      this.#roomNumber += 1;
      this.#deps.log({ event: "bot.join_failed", level: "warn", type, detail: describeError(thrown) });
      this.#apply({ kind: "join-failed", type });
    }
  }

  #roomEvents(roomNumber: number): RoomEvents {
    return {
      audio: (pcm) => this.#input.audio(pcm),
      appMessage: (data, fromId) => this.#appMessage(data, fromId),
      playout: (state) => this.#output.playout(state),
      participantJoined: (participant) => this.#clientJoined(participant),
      participantLeft: (participant) => this.#clientLeft(participant),
      ended: (end) => {
        if (roomNumber !== this.#roomNumber) return;
        // A failed join ends its room, too; that is `join`'s to tell.
        if (this.#state.kind === "joining") this.#endBeforeJoined = end;
        else this.#roomEnded(end);
      },
    };
  }

  #appMessage(data: unknown, fromId: string): void {
    if (this.#state.kind !== "joining") this.#input.appMessage(data, fromId);
    else if (this.#early.length < MAX_EARLY_MESSAGES) this.#early.push({ data, fromId });
    else this.#deps.log({ event: "room.message_lost", level: "warn", type: "early" });
  }

  #roomEnded(end: RoomEnd): void {
    if (this.#state.kind === "ended") return;
    const detail = "detail" in end ? { detail: end.detail } : {};
    this.#deps.log({ event: "bot.room_ended", kind: end.kind, ...detail });
    this.#apply({ kind: "room-ended", end });
  }

  #clientJoined({ id, userId }: Participant): void {
    // Bots of earlier attempts may linger in the room for a moment.
    if (isBotUserId(userId) || this.#clients.has(id)) return;
    this.#clients.add(id);
    this.#deps.log({ event: "bot.client_joined" });
    this.#mark("clientJoined");
    this.#apply({ kind: "client-joined" });
  }

  #clientLeft({ id }: Participant): void {
    if (!this.#clients.delete(id)) return;
    this.#deps.log({ event: "bot.client_left" });
    if (this.#clients.size === 0) this.#apply({ kind: "client-left" });
  }

  #mark(mark: Extract<BotReport, { kind: "mark" }>["mark"]): void {
    if (this.#marked.has(mark)) return;
    this.#marked.add(mark);
    this.#link.report({ kind: "mark", mark, at: Date.now() });
  }

  /** Frees everything. The pipeline goes first, so that its last words still reach the link. */
  async #finish(reason: EndReason): Promise<void> {
    this.#pipeline.stop();
    this.#link.report({ kind: "ended", reason });
    const room = this.#room;
    this.#room = undefined;
    await Promise.all([
      this.#cleanUp("room", room?.close()),
      this.#cleanUp("opening", this.#opening),
      this.#cleanUp("link", this.#link.close()),
    ]);
    this.#deps.log({ event: "bot.ended", reason, durationMs: Date.now() - this.#startedAt });
    this.#resolveEnded(reason);
  }

  async #cleanUp(what: string, work: Promise<void> | undefined): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      const detail = describeError(thrown);
      this.#deps.log({ event: "bot.cleanup_failed", level: "error", what, detail });
    }
  }
}
