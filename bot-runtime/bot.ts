import type { StartSignal } from "../protocol/bot-host.ts";
import type { BotReport } from "../protocol/link.ts";
import { describeError } from "../protocol/log.ts";
import type { EndReason, Mark } from "../protocol/session.ts";
import { BotCall } from "./bot-call.ts";
import { type BotLimits, durationOf } from "./bot-limits.ts";
import { type BotPipeline, type BotPipelineDeps, createBotPipeline } from "./bot-pipeline.ts";
import { type BotEvent, type BotState, INITIAL, nextState, type TimerName, timersOf } from "./bot-state.ts";
import { BotTimers } from "./bot-timers.ts";
import type { EdgeLink, EdgeLinkEvents } from "./edge-link.ts";
import { Floor } from "./floor.ts";
import { SessionTurns } from "./measures/turn-summary.ts";
import type { Frame, SayPurpose, TurnMetrics } from "./pipeline/frame.ts";
import type { RoomHost } from "./room/room.ts";

export interface BotDeps
  extends Pick<
    BotPipelineDeps,
    "liveConnect" | "openVoiceDetector" | "model" | "defaultVoice" | "systemPrompt" | "log"
  > {
  roomHost: RoomHost;
  openLink(link: StartSignal["link"], events: EdgeLinkEvents): EdgeLink;
  limits: BotLimits;
  /** What was measured of a turn, for the host's totals. */
  onTurn?(metrics: TurnMetrics): void;
}

/**
 * One bot: takes one call from start to end. It owns the pipeline, the room, the link and its timers; when `ended`
 * resolves none of them is left.
 */
export class Bot {
  readonly ended: Promise<EndReason>;
  readonly #signal: StartSignal;
  readonly #deps: BotDeps;
  readonly #link: EdgeLink;
  readonly #parts: BotPipeline;
  readonly #call: BotCall;
  readonly #timers: BotTimers;
  readonly #floor = new Floor();
  readonly #turns = new SessionTurns();
  readonly #marked = new Set<Mark>();
  readonly #startedAt = Date.now();
  readonly #resolveEnded: (reason: EndReason) => void;
  /** Whether the client was told that the session is about to expire. */
  #announced = false;
  #state: BotState = INITIAL;

  constructor(signal: StartSignal, deps: BotDeps) {
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#signal = signal;
    this.#deps = deps;
    this.#parts = createBotPipeline(signal, {
      ...deps,
      onFrame: (frame) => this.#onFrame(frame),
      onEntry: (entry) => this.#link.report({ kind: "transcript", entry }),
      onUsage: (usage) => this.#link.report({ kind: "usage", usage }),
    });
    const { sessionId, room, token, botName } = signal;
    this.#call = new BotCall({
      roomHost: deps.roomHost,
      room: { sessionId, url: room.url, token, userName: botName },
      input: this.#parts.input,
      output: this.#parts.output,
      log: deps.log,
      onEvent: (event) => this.#apply(event),
      onJoined: (joinMs) => {
        deps.log({ event: "bot.joined", joinMs, sinceStartMs: Date.now() - this.#startedAt });
        this.#mark("botJoined");
      },
      onClient: () => {
        deps.log({ event: "bot.client_joined" });
        this.#mark("clientJoined");
      },
    });
    this.#timers = new BotTimers(
      (timer) => this.#durationOf(timer),
      (timer) => this.#onTimer(timer),
    );
    deps.log({ event: "bot.started", language: signal.language });
    this.#link = deps.openLink(signal.link, {
      roomReady: () => this.#apply({ kind: "room-ready" }),
      stop: (reason) => this.stop(reason),
      fenced: () => this.stop("stopped"),
    });
    this.#timers.run(timersOf(this.#state));
    this.#parts.pipeline.start();
    this.#call.open();
  }

  /** Ends the call, once; later reasons are not heeded. Wait for `ended`. */
  stop(reason: EndReason): void {
    this.#apply({ kind: "end", reason });
  }

  #onFrame(frame: Frame): void {
    this.#floor.onFrame(frame);
    switch (frame.type) {
      case "client-ready":
        this.#mark("clientReady");
        this.#deps.log({ event: "bot.client_ready", version: frame.version });
        this.#apply({ kind: "client-ready" });
        return;
      case "user-started-speaking":
      case "user-stopped-speaking":
      case "user-transcript":
      case "user-message":
        this.#timers.restart("idle");
        this.#apply({ kind: "user-spoke" });
        return;
      case "answer-text":
        this.#timers.restart("idle");
        return;
      case "bot-started-speaking":
        this.#mark("firstBotAudio");
        this.#timers.restart("idle");
        return;
      case "bot-stopped-speaking":
        this.#timers.restart("idle");
        this.#timers.restart("idleAnswer");
        if (!this.#floor.botSpeaks) this.#apply({ kind: "bot-silent" });
        return;
      case "first-audio":
        this.#deps.log({ event: "bot.first_audio", ttfbMs: frame.ttfbMs });
        return;
      case "turn-metrics":
        this.#turns.add(frame);
        this.#deps.onTurn?.(frame);
        return;
      case "usage":
        this.#link.report({ kind: "usage", usage: frame.usage });
        return;
      case "end-requested":
        this.#apply(
          frame.graceful
            ? { kind: "finish", reason: frame.reason, speaking: this.#floor.botSpeaks }
            : { kind: "end", reason: frame.reason },
        );
        return;
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
    if (state.kind === "meeting" && state.republished) this.#readyOverdue();
    if (state.kind !== before.kind) this.#entered(state, event);
  }

  #entered(state: BotState, event: BotEvent): void {
    switch (state.kind) {
      case "preparing":
        this.#call.open();
        return;
      case "joining":
        this.#call.join();
        return;
      case "talking":
        if (event.kind !== "timer") return;
        this.#deps.log({ event: "bot.no_handshake", level: "warn" });
        this.#parts.openGate();
        return;
      case "asking":
        this.#say("idle");
        return;
      case "parting":
        this.#say("goodbye");
        return;
      case "ended":
        void this.#finish(state.reason);
    }
  }

  #onTimer(timer: TimerName): void {
    if (timer === "lastMinute") this.#lastMinute();
    else this.#apply({ kind: "timer", timer });
  }

  /** The session ends soon, which is said in a pause: until there is one, it is looked for again. */
  #lastMinute(): void {
    if (this.#floor.isFree) {
      this.#announced = true;
      this.#say("last-minute");
    }
    this.#timers.run(timersOf(this.#state));
  }

  #readyOverdue(): void {
    this.#deps.log({ event: "bot.ready_overdue", level: "warn" });
    this.#call.republish();
  }

  #say(purpose: SayPurpose): void {
    this.#deps.log({ event: "bot.says", purpose });
    this.#parts.prompter.say(purpose);
  }

  #durationOf(timer: TimerName): number | undefined {
    return durationOf(timer, {
      limits: this.#deps.limits,
      state: this.#state,
      startedAt: this.#startedAt,
      expiresAt: Date.parse(this.#signal.expiresAt),
      now: Date.now(),
      announced: this.#announced,
    });
  }

  #mark(mark: Extract<BotReport, { kind: "mark" }>["mark"]): void {
    if (this.#marked.has(mark)) return;
    this.#marked.add(mark);
    this.#link.report({ kind: "mark", mark, at: Date.now() });
  }

  /** Frees everything. The pipeline goes first, so that its last words still reach the link. */
  async #finish(reason: EndReason): Promise<void> {
    this.#parts.pipeline.stop();
    this.#parts.conversation.close();
    const turns = this.#turns.summary;
    if (turns) this.#link.report({ kind: "turns", turns });
    this.#link.report({ kind: "ended", reason });
    await Promise.all([this.#cleanUp("room", this.#call.close()), this.#cleanUp("link", this.#link.close())]);
    this.#deps.log({ event: "bot.ended", reason, durationMs: Date.now() - this.#startedAt });
    this.#resolveEnded(reason);
  }

  async #cleanUp(what: string, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      const detail = describeError(thrown);
      this.#deps.log({ event: "bot.cleanup_failed", level: "error", what, detail });
    }
  }
}
