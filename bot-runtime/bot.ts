import type { StartSignal } from "../protocol/bot-host.ts";
import type { BotReport } from "../protocol/link.ts";
import { describeError } from "../protocol/log.ts";
import type { EndReason, Mark, MuteStep } from "../protocol/session.ts";
import { BotCall } from "./bot-call.ts";
import { type BotLimits, durationOf } from "./bot-limits.ts";
import { type BotPipeline, type BotPipelineDeps, createBotPipeline } from "./bot-pipeline.ts";
import {
  type BotEvent,
  type BotState,
  INITIAL,
  nextState,
  RELIEVING,
  type TimerName,
  timersOf,
} from "./bot-state.ts";
import { BotTimers } from "./bot-timers.ts";
import type { EdgeLink, EdgeLinkEvents, KnownSince } from "./edge-link.ts";
import { Floor } from "./floor.ts";
import { isUnderWay, Legacy } from "./legacy.ts";
import { SessionTurns } from "./measures/turn-summary.ts";
import { NewestHandle } from "./newest-handle.ts";
import type { Frame, TurnMetrics } from "./pipeline/frame.ts";
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
  /** Something was done against a model that had fallen silent. */
  onMuteStep?(step: MuteStep): void;
}

/**
 * One bot: takes one call from its start, or from where another bot has left it, to its end or to the next bot. It owns
 * the pipeline, the room, the link and its timers; when `ended` resolves none of them is left.
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
  readonly #legacy: Legacy;
  readonly #handle = new NewestHandle((handle) => this.#link.report({ kind: "handle", handle }));
  readonly #startedAt = Date.now();
  readonly #resolveEnded: (reason: EndReason) => void;
  /** Whether the client was told that the session is about to expire. */
  #announced = false;
  /** Whether the pipeline was started; whether the bot has asked to be relieved. */
  #isStarted = false;
  #isDraining = false;
  /** Set once the conversation goes on that the bot before has left. */
  #goesOn = false;
  /** As the edge knows it, which is what a bot knows that takes over. */
  #client: { version: string | undefined } | undefined;
  #state: BotState;

  constructor(signal: StartSignal, deps: BotDeps) {
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#signal = signal;
    this.#deps = deps;
    const { takeover } = signal;
    this.#legacy = new Legacy(takeover);
    if (takeover?.client) this.#client = { version: takeover.client.rtviVersion };
    // One that relieves another asks Gemini for nothing before that one has let go of it.
    const relieves = takeover?.how === "hand-over";
    this.#state = relieves ? RELIEVING : INITIAL;
    this.#parts = createBotPipeline(signal, {
      ...deps,
      resume: () => this.#legacy.resume(),
      before: () => this.#legacy.conversation(),
      onHandle: (handle) => this.#handle.changed(handle),
      onFrame: (frame) => this.#onFrame(frame),
      onEntry: (entry) => this.#link.report({ kind: "transcript", entry }),
      onUsage: (usage) => this.#link.report({ kind: "usage", usage }),
      onMuteStep: (step) => {
        this.#turns.muted(step);
        deps.onMuteStep?.(step);
      },
    });
    const { sessionId, room, token, botName } = signal;
    this.#call = new BotCall({
      roomHost: deps.roomHost,
      room: { sessionId, url: room.url, token, userName: botName },
      input: this.#parts.input,
      output: this.#parts.output,
      log: deps.log,
      onEvent: (event) =>
        this.#apply(event.kind === "joined" ? { ...event, clientKnown: isUnderWay(takeover) } : event),
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
    deps.log({ event: "bot.started", language: signal.language, ...(takeover ? { how: takeover.how } : {}) });
    this.#link = deps.openLink(signal.link, {
      roomReady: (since) => this.#roomReady(since),
      handOver: () => this.#apply({ kind: "hand-over", free: this.#floor.isFree }),
      stop: (reason) => this.stop(reason),
      fenced: () => this.stop("stopped"),
    });
    this.#timers.run(timersOf(this.#state));
    if (!relieves) this.#startPipeline();
    this.#call.open();
  }

  /** Ends the call, once; later reasons are not heeded. Wait for `ended`. */
  stop(reason: EndReason): void {
    this.#apply({ kind: "end", reason });
  }

  /** Its host is about to go: asks for a bot on another one to go on. Until that is there, everything is as before. */
  drain(): void {
    if (this.#state.kind === "ended" || this.#isDraining) return;
    this.#isDraining = true;
    this.#link.report({ kind: "draining" });
  }

  #roomReady(since: KnownSince | undefined): void {
    if (!this.#isStarted) {
      if (since) this.#legacy.add(since);
      this.#startPipeline();
    }
    this.#apply({ kind: "room-ready" });
  }

  #startPipeline(): void {
    this.#isStarted = true;
    this.#parts.pipeline.start();
  }

  #onFrame(frame: Frame): void {
    this.#floor.onFrame(frame);
    if (this.#state.kind === "yielding" && this.#floor.isFree) this.#pause();
    switch (frame.type) {
      case "client-ready":
        this.#mark("clientReady");
        this.#deps.log({ event: "bot.client_ready", version: frame.version });
        this.#clientReady(frame.version);
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
      case "say":
        this.#deps.log({ event: "bot.says", purpose: frame.purpose });
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

  /** Told again only if it is another one's version. */
  #clientReady(version: string): void {
    if (this.#client?.version === version) return;
    this.#client = { version };
    this.#link.report({ kind: "client", rtviVersion: version });
  }

  /** Once the frame that made it has gone all its way: until then its words are not in the transcript. */
  #pause(): void {
    queueMicrotask(() => {
      if (this.#floor.isFree) this.#apply({ kind: "pause" });
    });
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
      case "waiting":
        if (state.cue === "required") this.#link.report({ kind: "prepared" });
        return;
      case "joining":
        this.#call.join();
        return;
      case "rejoining":
        this.#call.rejoin();
        return;
      case "talking":
        if (event.kind === "timer") this.#noHandshake();
        else if (isUnderWay(this.#signal.takeover)) this.#goOn();
        return;
      case "asking":
        this.#parts.prompter.say("idle");
        return;
      case "parting":
        this.#parts.prompter.say("goodbye");
        return;
      case "ended":
        void this.#finish(state);
    }
  }

  #noHandshake(): void {
    this.#deps.log({ event: "bot.no_handshake", level: "warn" });
    this.#parts.openGate();
  }

  /** The conversation that the bot before has left goes on: there is somebody to hear it. */
  #goOn(): void {
    if (this.#goesOn) return;
    this.#goesOn = true;
    const { memory } = this.#legacy;
    this.#deps.log({ event: "bot.goes_on", memory, sinceStartMs: Date.now() - this.#startedAt });
    this.#parts.tellClient({ t: "assistant-status", d: { status: "back", memory } });
    this.#parts.openGate();
  }

  #onTimer(timer: TimerName): void {
    if (timer === "lastMinute") this.#lastMinute();
    else this.#apply({ kind: "timer", timer });
  }

  /** The session ends soon, which is said in a pause: until there is one, it is looked for again. */
  #lastMinute(): void {
    if (this.#floor.isFree) {
      this.#announced = true;
      this.#parts.prompter.say("last-minute");
    }
    this.#timers.run(timersOf(this.#state));
  }

  #readyOverdue(): void {
    this.#deps.log({ event: "bot.ready_overdue", level: "warn" });
    this.#call.republish();
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
  async #finish({ reason, handedOver }: Extract<BotState, { kind: "ended" }>): Promise<void> {
    if (handedOver) this.#parts.tellClient({ t: "assistant-status", d: { status: "away" } });
    this.#parts.pipeline.stop();
    this.#parts.conversation.close();
    const turns = this.#turns.summary;
    if (turns) this.#link.report({ kind: "turns", turns });
    this.#handle.close();
    this.#link.report(handedOver ? { kind: "handed-over" } : { kind: "ended", reason });
    await Promise.all([this.#cleanUp("room", this.#call.close()), this.#cleanUp("link", this.#link.close())]);
    const durationMs = Date.now() - this.#startedAt;
    this.#deps.log({ event: "bot.ended", reason, durationMs, ...(handedOver ? { handedOver } : {}) });
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
