import { SESSION_LIMITS } from "./limits.ts";
import { type Link, Links } from "./links.ts";
import { Listeners } from "./listeners.ts";
import { type ModelRules, rulesOf } from "./model-rules.ts";
import { Receiver } from "./receiver.ts";
import { ENGLISH_REQUESTS } from "./requests.ts";
import type { RuleName } from "./rules.ts";
import type { LiveSessionOptions } from "./session-options.ts";
import { SessionRun } from "./session-run.ts";
import type { Effect, SessionEvent } from "./session-types.ts";
import { type OpenLink, Teller } from "./teller.ts";
import { type FinishedCall, ToolCalls } from "./tool-calls.ts";
import { isBetweenTurns } from "./turn-state.ts";
import { Voice } from "./voice.ts";

/** Speech of this length is speech; a shorter sound may be a cough. */
const SURE_SPEECH_MS = 500;

/**
 * A conversation with Gemini Live that outlives its connections, and notices when the model falls silent. What is
 * decided is decided in `nextState`; here it is done.
 */
export class LiveSession {
  readonly #options: LiveSessionOptions;
  readonly #events: Listeners;
  readonly #rules: ModelRules;
  readonly #off: ReadonlySet<RuleName>;
  readonly #links: Links;
  readonly #teller: Teller;
  readonly #tools: ToolCalls;
  readonly #receiver: Receiver;
  readonly #voice: Voice;
  readonly #run: SessionRun;
  #manualTurns: boolean;
  #speakingSince: number | undefined;

  constructor(options: LiveSessionOptions) {
    const { connect, setup, tools = [] } = options;
    const events = new Listeners(options);
    this.#options = options;
    this.#events = events;
    this.#rules = options.modelRules ?? rulesOf(setup.model, { vertex: connect.vertex ?? false });
    this.#off = options.off ?? new Set();
    this.#manualTurns = options.manualTurns ?? false;
    const note = events.note.bind(events);
    this.#links = new Links({
      connect,
      setup,
      events: {
        connected: () => this.#connected(),
        message: (message, link) => {
          this.#alive();
          this.#receiver.receive(message, link);
        },
        pong: () => this.#alive(),
        retired: () => this.#happened({ kind: "retired" }),
        lost: (loss) => this.#happened({ kind: "lost", loss }),
        note,
      },
    });
    this.#voice = new Voice(() => this.#links.connection);
    this.#run = new SessionRun({
      limits: { ...SESSION_LIMITS, ...options.limits },
      model: this.#rules,
      off: this.#off,
      random: () => (options.random ?? Math.random)(),
      perform: (effect) => this.#perform(effect),
      acted: () => {
        if (this.#teller.waits && this.#isQuiet) this.#tellWaiting();
      },
    });
    this.#teller = new Teller({
      rules: this.#rules,
      requests: { ...ENGLISH_REQUESTS, ...options.requests },
      off: this.#off,
      conversation: () => events.conversation(),
      resultsNeedIds: !connect.vertex,
      asked: () => this.#happened({ kind: "asked" }),
      note,
    });
    this.#tools = new ToolCalls({
      tools,
      onEvent: (event) => events.tool(event),
      onFinished: (call) => this.#toolFinished(call),
      note,
    });
    this.#receiver = new Receiver({
      listeners: events,
      tools: this.#tools,
      turn: () => this.#run.state.turn,
      hears: (link) => this.#hears(link),
      happened: (event) => this.#happened(event),
      toolsChanged: () => {
        if (this.#waitsForTools()) this.#voice.hold();
        else this.#openVoice();
      },
    });
  }

  start(): void {
    const resumption = this.#options.resume?.();
    if (!resumption) {
      this.#happened({ kind: "start" });
      return;
    }
    const { handle, givenAt = Date.now() } = resumption;
    this.#happened({ kind: "start", handle: { value: handle, at: givenAt } });
  }

  /** Closes everything at once. No event comes after it. Idempotent. */
  stop(): void {
    const chunks = this.#voice.takeLeftOut();
    if (chunks > 0) this.#events.note({ kind: "audio-left-out", chunks });
    this.#events.close();
    this.#happened({ kind: "stop" });
    this.#end();
  }

  /** s16 mono at 16 kHz, pieces of any size. */
  addAudio(pcm: Int16Array): void {
    this.#voice.add(pcm);
  }

  /** The microphone is off: Gemini finds the end of a turn in silence, and of that none comes. */
  pauseAudio(): void {
    // A turn that is told ends when that is told.
    if (!this.#manualTurns) this.#voice.pause();
  }

  /** By a local detector, where Gemini finds the turns by itself. */
  userStarted(): void {
    if (this.#manualTurns) return;
    this.#speakingSince = Date.now();
    this.#happened({ kind: "user-started" });
  }

  userStopped(): void {
    if (this.#manualTurns) return;
    const spokeMs = this.#speakingSince === undefined ? 0 : Date.now() - this.#speakingSince;
    this.#speakingSince = undefined;
    this.#happened({ kind: "user-stopped", sure: spokeMs >= SURE_SPEECH_MS });
  }

  /** How turns are taken from here on; a connection that takes them otherwise is renewed. */
  setManualTurns(manual: boolean): void {
    if (manual === this.#manualTurns) return;
    this.#manualTurns = manual;
    this.#speakingSince = undefined;
    // In the old way its end would never be told.
    if (this.#run.state.turn.user === "speaking") this.#happened({ kind: "user-stopped", sure: false });
    this.#voice.hold();
    this.#voice.clear();
    this.#happened({ kind: "turn-mode" });
  }

  /** With manual turns: the audio between these two is one. */
  startTurn(): void {
    if (!this.#manualTurns) return;
    this.#voice.turnStart();
    this.#happened({ kind: "user-started" });
  }

  endTurn(): void {
    if (!this.#manualTurns) return;
    this.#voice.turnEnd();
    this.#happened({ kind: "user-stopped", sure: true });
  }

  /** Something that the user wrote, or that we ask of the model. `respond`: it is to be answered. */
  tell(text: string, { respond }: { respond: boolean }): void {
    this.#teller.addText(text, respond);
    this.#tellWaiting();
  }

  #happened(event: SessionEvent): void {
    this.#run.happened(event);
  }

  #perform(effect: Effect): void {
    const events = this.#events;
    switch (effect.kind) {
      case "connect":
        this.#connect(effect.handle);
        return;
      case "retire":
        void this.#links.retire();
        return;
      case "drop":
        this.#links.drop();
        return;
      case "ping":
        this.#links.connection?.ping();
        return;
      case "end-answer":
        events.answerEnded(effect.cut);
        if (effect.cut) events.status({ kind: "cut" });
        return;
      case "away":
        this.#voice.lost({ rewind: effect.userSpeaking && !this.#off.has("keep-audio") });
        this.#teller.lost();
        events.status({ kind: "away" });
        return;
      case "brief":
        this.#brief(effect);
        return;
      case "nudge":
        if (this.#openLink) this.#teller.nudge(this.#openLink);
        return;
      case "tell-client":
        events.mute();
        return;
      case "handle":
        events.handle(effect.handle);
        return;
      case "note":
        events.note(effect.note);
        return;
      case "fail":
        this.#end();
        events.failed(effect.why);
    }
  }

  #connect(handle: string | undefined): void {
    // Words come later than their sound: a conversation that has begun may have something to tell by then.
    const mayHaveHistory = this.#run.state.wasLive || this.#teller.hasHistory;
    const initialHistory = handle === undefined && this.#rules.seed === "initial-history" && mayHaveHistory;
    void this.#links.connect({ handle, manualTurns: this.#manualTurns, initialHistory });
  }

  #connected(): void {
    this.#happened({ kind: "connected" });
    // It was asked for while this connection was being made.
    const link = this.#links.current;
    if (link && link.manualTurns !== this.#manualTurns) this.#happened({ kind: "turn-mode" });
  }

  #end(): void {
    this.#links.drop();
    this.#tools.stop();
    this.#voice.clear();
  }

  #brief({ since, ask, first, awayMs, connectMs }: Extract<Effect, { kind: "brief" }>): void {
    const link = this.#openLink;
    if (!link) return;
    const events = this.#events;
    const how = first ? "first" : since === undefined ? "fresh" : "resumed";
    events.note({ kind: "connected", how, connectMs, awayMs });
    if (this.#off.has("keep-audio")) this.#voice.clear();
    // Nothing is under way on a new connection: notes belong to what it is told first.
    const quiet = this.#rules.texts === "content" || this.#isQuiet;
    const memory = this.#teller.brief(link, { since, ask, quiet });
    this.#openVoice();
    if (!first) events.status({ kind: "back", memory });
  }

  get #openLink(): OpenLink | undefined {
    const link = this.#links.current;
    return link && isOpen(link) ? link : undefined;
  }

  #openVoice(): void {
    if (
      this.#run.state.phase.kind !== "live" ||
      this.#waitsForTools() ||
      this.#links.current?.manualTurns !== this.#manualTurns
    )
      return;
    const replayed = this.#voice.open();
    if (replayed > 0) this.#events.note({ kind: "audio-replayed", chunks: replayed });
  }

  /** 2.5 takes no audio while a function is waited for. */
  #waitsForTools(): boolean {
    const { current } = this.#links;
    return !this.#rules.hearsDuringTools && !!current && this.#tools.runningOf(current.number) > 0;
  }

  #tellWaiting(): void {
    const link = this.#openLink;
    if (link && this.#run.state.phase.kind === "live") this.#teller.send(link, this.#isQuiet);
  }

  /** Nobody is disturbed by a word, and it does not get lost with a connection that is about to be left. */
  get #isQuiet(): boolean {
    const { phase, turn } = this.#run.state;
    return phase.kind === "live" && phase.rotation === undefined && isBetweenTurns(turn);
  }

  #toolFinished(call: FinishedCall): void {
    this.#teller.addResult(call);
    this.#tellWaiting();
    const link = this.#links.current;
    const asks = link !== undefined && call.asker === link.number && this.#hears(link);
    this.#happened({ kind: asks ? "tools-settled" : "orphans-settled", count: 1 });
    if (asks) this.#openVoice();
  }

  #alive(): void {
    this.#teller.heard();
    this.#happened({ kind: "alive" });
  }

  /** Whether what comes over a connection still counts. */
  #hears(link: Link): boolean {
    const { kind } = this.#run.state.phase;
    return link === this.#links.current && (kind === "live" || kind === "connecting");
  }
}

function isOpen(link: Link): link is OpenLink {
  return link.connection !== undefined;
}
