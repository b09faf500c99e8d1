import { AudioUplink, type UplinkSink } from "./audio-uplink.ts";
import { briefing, type RememberedCall, type RememberedTurn } from "./briefing.ts";
import { isAudible } from "./level.ts";
import { SESSION_LIMITS, type SessionLimits } from "./limits.ts";
import {
  type LiveConnect,
  LiveConnectError,
  type LiveConnection,
  type LiveSetup,
  type Turn,
} from "./live-connect.ts";
import { type ModelRules, rulesOf } from "./model-rules.ts";
import type { GeminiNote, GiveUpReason } from "./note.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import { decodePcm } from "./pcm.ts";
import { ENGLISH_REQUESTS, type Requests } from "./requests.ts";
import type { RuleName } from "./rules.ts";
import { durationMs, type ServerContent, type ServerMessage } from "./server-message.ts";
import { firstState, nextDeadline, nextState } from "./session-state.ts";
import type { Effect, SessionContext, SessionEvent } from "./session-types.ts";
import { type FinishedCall, isUnnamed, ToolCalls, type ToolEvent } from "./tool-calls.ts";
import type { Tool } from "./tools.ts";
import { isBetweenTurns } from "./turn-state.ts";

/** Whether the model can be talked to. `memory`: what it still knows of the conversation. */
export type SessionStatus =
  | { kind: "away" }
  | { kind: "cut" }
  | { kind: "back"; memory: "kept" | "retold" | "lost" };

export interface LiveSessionEvents {
  /** What the model says, whichever connection it comes from. */
  content(content: ServerContent): void;
  /** The answer under way is over without a word of the model; `cut`: and not whole. Nothing more of it will come. */
  answerEnded(cut: boolean): void;
  status(status: SessionStatus): void;
  tool(event: ToolEvent): void;
  usage(counts: NonNullable<ServerMessage["usageMetadata"]>): void;
  /** The model stays mute, whatever is done. */
  mute(): void;
  note(note: GeminiNote): void;
  /** The newest handle. A credential. */
  handle?(handle: string): void;
  /** The session cannot go on; the last event. */
  failed(why: GiveUpReason): void;
}

export interface LiveSessionOptions {
  connect: LiveConnect;
  setup: LiveSetup;
  events: LiveSessionEvents;
  tools?: readonly Tool[];
  /** What was said so far, newest last; a fresh session is told. Without it, it begins anew. */
  conversation?(): readonly RememberedTurn[];
  requests?: Partial<Requests>;
  /** How turns are taken to begin with. */
  manualTurns?: boolean;
  /** To begin with. A credential. */
  handle?: string;
  /** By the model when absent. */
  modelRules?: ModelRules;
  limits?: Partial<SessionLimits>;
  /** From 0 up to 1, for the spread of retries. */
  random?(): number;
  /** Rules that are not followed; for tests of the tests. */
  off?: ReadonlySet<RuleName>;
}

/** Functions that were called, the newest, for whoever has to be told of them. */
const MAX_CALLS_KEPT = 20;
/** Speech of this length is speech; a shorter sound may be a cough. */
const SURE_SPEECH_MS = 500;

/** For a server that waits for a history, where there is none any more. */
const NO_HISTORY: Turn = { role: "user", text: "[Nothing was said so far.]" };

/** One connection, made or being made. */
interface Link {
  number: number;
  abort: AbortController;
  manualTurns: boolean;
  initialHistory: boolean;
  connection: LiveConnection | undefined;
}

/**
 * A conversation with Gemini Live that outlives its connections, and notices when the model falls silent. What is
 * decided is decided in `nextState`; here it is done.
 */
export class LiveSession {
  readonly #options: LiveSessionOptions;
  readonly #rules: ModelRules;
  readonly #limits: SessionLimits;
  readonly #off: ReadonlySet<RuleName>;
  readonly #requests: Requests;
  readonly #uplink = new AudioUplink();
  readonly #outbox = new Outbox();
  readonly #tools: ToolCalls;
  #calls: RememberedCall[] = [];
  #state = firstState(Date.now());
  #queue: SessionEvent[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #link: Link | undefined;
  /** A connection that was not closed before its successor is made. */
  #former: Link | undefined;
  #links = 0;
  #texts = 0;
  #manualTurns: boolean;
  #speakingSince: number | undefined;
  #chunksLeftOut = 0;

  constructor(options: LiveSessionOptions) {
    this.#options = options;
    this.#rules =
      options.modelRules ?? rulesOf(options.setup.model, { vertex: options.connect.vertex ?? false });
    this.#limits = { ...SESSION_LIMITS, ...options.limits };
    this.#off = options.off ?? new Set();
    this.#requests = { ...ENGLISH_REQUESTS, ...options.requests };
    this.#manualTurns = options.manualTurns ?? false;
    this.#tools = new ToolCalls({
      tools: options.tools ?? [],
      onEvent: (event) => options.events.tool(event),
      onFinished: (call) => this.#toolFinished(call),
      note: (note) => options.events.note(note),
    });
  }

  start(): void {
    const { handle } = this.#options;
    this.#happened({ kind: "start", ...(handle === undefined ? {} : { handle }) });
  }

  /** Closes everything at once. No event comes after it. Idempotent. */
  stop(): void {
    if (this.#chunksLeftOut > 0) this.#note({ kind: "audio-left-out", chunks: this.#chunksLeftOut });
    this.#chunksLeftOut = 0;
    this.#happened({ kind: "stop" });
    this.#end();
  }

  /** s16 mono at 16 kHz, pieces of any size. */
  addAudio(pcm: Int16Array): void {
    // Not `+= add(…)`: that reads the count before `add` sends, and sending may raise it.
    const dropped = this.#uplink.add(pcm);
    this.#chunksLeftOut += dropped;
  }

  /** The microphone is off: Gemini finds the end of a turn in silence, and of that none comes. */
  pauseAudio(): void {
    // A turn that is told ends when that is told.
    if (this.#manualTurns) return;
    const dropped = this.#uplink.pause();
    this.#chunksLeftOut += dropped;
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
    if (this.#state.turn.user === "speaking") this.#happened({ kind: "user-stopped", sure: false });
    this.#uplink.hold({ rewind: false });
    this.#uplink.clear();
    this.#happened({ kind: "turn-mode" });
  }

  /** With manual turns: the audio between these two is one. */
  startTurn(): void {
    if (!this.#manualTurns) return;
    this.#chunksLeftOut += this.#uplink.turnStart();
    this.#happened({ kind: "user-started" });
  }

  endTurn(): void {
    if (!this.#manualTurns) return;
    this.#chunksLeftOut += this.#uplink.turnEnd();
    this.#happened({ kind: "user-stopped", sure: true });
  }

  /** Something that the user wrote, or that we ask of the model. `respond`: it is to be answered. */
  tell(text: string, { respond }: { respond: boolean }): void {
    this.#texts += 1;
    this.#outbox.add({ kind: "text", id: `t${this.#texts}`, text, respond });
    this.#sendOutbox();
  }

  get #context(): SessionContext {
    const { random = Math.random } = this.#options;
    return { now: Date.now(), limits: this.#limits, model: this.#rules, chance: random(), off: this.#off };
  }

  /** Events of events wait for their turn: a state is never changed while it is being acted upon. */
  #happened(event: SessionEvent): void {
    if (this.#queue) {
      this.#queue.push(event);
      return;
    }
    const queue = [event];
    this.#queue = queue;
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { state, effects } = nextState(this.#state, next, this.#context);
        this.#state = state;
        for (const effect of effects) this.#perform(effect);
        if (this.#outbox.waits && this.#isQuiet) this.#sendOutbox();
      }
    } finally {
      this.#queue = undefined;
      this.#armTimer();
    }
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    const { now } = this.#context;
    const at = nextDeadline(this.#state, this.#context);
    this.#timer = at === undefined ? undefined : setTimeout(() => this.#happened({ kind: "tick" }), at - now);
  }

  #perform(effect: Effect): void {
    const { events } = this.#options;
    switch (effect.kind) {
      case "connect":
        void this.#connect(effect.handle);
        return;
      case "retire":
        void this.#retire();
        return;
      case "drop":
        this.#drop();
        return;
      case "ping":
        this.#link?.connection?.ping();
        return;
      case "end-answer":
        events.answerEnded(effect.cut);
        if (effect.cut) events.status({ kind: "cut" });
        return;
      case "away":
        this.#goAway(effect.userSpeaking);
        return;
      case "brief":
        this.#brief(effect);
        return;
      case "nudge":
        this.#say(this.#requests.answer, true);
        return;
      case "tell-client":
        events.mute();
        return;
      case "note":
        events.note(effect.note);
        return;
      case "fail":
        this.#end();
        events.failed(effect.why);
    }
  }

  async #connect(handle: string | undefined): Promise<void> {
    this.#former = this.#link;
    this.#links += 1;
    const link: Link = {
      number: this.#links,
      abort: new AbortController(),
      manualTurns: this.#manualTurns,
      initialHistory:
        handle === undefined && this.#rules.seed === "initial-history" && this.#history(undefined).length > 0,
      connection: undefined,
    };
    this.#link = link;
    const isCurrent = () => this.#link === link;
    try {
      const connection = await this.#options.connect(
        {
          ...this.#options.setup,
          ...(handle === undefined ? {} : { handle }),
          ...(link.manualTurns ? { manualTurns: true } : {}),
          ...(link.initialHistory ? { initialHistory: true } : {}),
        },
        {
          message: (message) => {
            if (isCurrent()) this.#receive(message, link);
          },
          malformed: (detail) => this.#note({ kind: "malformed", detail }),
          pong: () => {
            if (isCurrent()) this.#alive();
          },
          ended: (end) => {
            if (isCurrent()) this.#happened({ kind: "lost", loss: { kind: "ended", end } });
          },
        },
        link.abort.signal,
      );
      if (!isCurrent()) {
        connection.close();
        return;
      }
      link.connection = connection;
      this.#happened({ kind: "connected" });
      // It was asked for while this connection was being made.
      if (isCurrent() && link.manualTurns !== this.#manualTurns) this.#happened({ kind: "turn-mode" });
    } catch (thrown) {
      if (isCurrent()) this.#connectFailed(thrown);
    } finally {
      this.#former?.connection?.close();
      this.#former = undefined;
    }
  }

  #connectFailed(thrown: unknown): void {
    const failure = thrown instanceof LiveConnectError ? thrown.failure : ({ kind: "other" } as const);
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    this.#note({ kind: "connect-failed", why: failure.kind, detail });
    this.#happened({ kind: "lost", loss: { kind: "not-connected", failure } });
  }

  /** From here on nothing of that connection is heard. */
  async #retire(): Promise<void> {
    const connection = this.#link?.connection;
    const { number } = this.#link ?? {};
    await connection?.retire();
    if (this.#link?.number === number) this.#happened({ kind: "retired" });
  }

  #drop(): void {
    this.#link?.abort.abort();
    this.#link?.connection?.close();
    this.#former?.connection?.close();
    this.#link = undefined;
    this.#former = undefined;
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drop();
    this.#tools.stop();
    this.#uplink.clear();
  }

  #goAway(userSpeaking: boolean): void {
    this.#uplink.hold({ rewind: userSpeaking && !this.#off.has("keep-audio") });
    for (const { item, sentAgoMs } of this.#outbox.lost(Date.now())) {
      this.#note({ kind: "told-again", what: item.kind, id: item.id, sentAgoMs });
    }
    if (this.#off.has("tell-again")) this.#outbox.drop("again");
    this.#options.events.status({ kind: "away" });
  }

  /** What a fresh connection does not know: all; or what was said after a handle was given. */
  #history(since: number | undefined): Turn[] {
    const turns = this.#options.conversation?.() ?? [];
    return briefing({ turns, calls: this.#calls, since, without: this.#outbox.unsentTexts });
  }

  #brief(effect: Extract<Effect, { kind: "brief" }>): void {
    const { since, ask, first, awayMs, connectMs } = effect;
    const connection = this.#link?.connection;
    if (!connection) return;
    const isFresh = since === undefined;
    const how = first ? "first" : isFresh ? "fresh" : "resumed";
    this.#note({ kind: "connected", how, connectMs, awayMs });

    if (this.#off.has("keep-texts")) this.#outbox.drop("unsent");
    if (this.#off.has("keep-audio")) this.#uplink.clear();
    const turns = isFresh && this.#off.has("seed-when-fresh") ? [] : this.#history(since);
    const answered = this.#retell(connection, turns, isFresh, ask);
    // Nothing is under way on a new connection: notes belong to what it is told first.
    const waiting = this.#sendOutbox(this.#rules.texts === "content" || this.#isQuiet);
    if (ask && !answered && !waiting.some((item) => item.kind !== "text" || item.respond)) {
      this.#say(ask === "go-on" ? this.#requests.goOn : this.#requests.answer, true);
    }
    this.#openUplink();
    if (first) return;
    const lost = isFresh && turns.length === 0 && this.#hadConversation();
    const memory = lost ? "lost" : turns.length > 0 ? "retold" : "kept";
    this.#options.events.status({ kind: "back", memory });
  }

  /** @returns whether it was told so that the model answers */
  #retell(
    connection: LiveConnection,
    turns: Turn[],
    isFresh: boolean,
    ask: "go-on" | "answer" | undefined,
  ): boolean {
    if (turns.length === 0) {
      // The server waits for a history; there is none any more.
      if (this.#link?.initialHistory) connection.sendContent([NO_HISTORY], true);
      return false;
    }
    const { seed, texts } = this.#rules;
    this.#note({ kind: "retold", entries: turns.length, whole: isFresh });
    if (isFresh && seed === "answered-content") {
      const request = ask ? (ask === "go-on" ? "goOn" : "answer") : "back";
      connection.sendContent([...turns, { role: "user", text: this.#requests[request] }], true);
      this.#happened({ kind: "asked" });
      return true;
    }
    if (isFresh && seed === "initial-history") {
      connection.sendContent(turns, true);
    } else if (texts === "content") {
      connection.sendContent(turns, false);
    } else if (ask) {
      // No content may come any more, and any text is answered: what is missing goes with the question.
      const told = turns.map(({ role, text }) => `${role}: ${text}`).join("\n");
      const request = ask === "go-on" ? this.#requests.goOn : this.#requests.answer;
      connection.sendRealtimeText(`${told}\n${request}`);
      this.#happened({ kind: "asked" });
      return true;
    }
    return false;
  }

  #hadConversation(): boolean {
    return (this.#options.conversation?.().length ?? 0) > 0 || this.#options.conversation === undefined;
  }

  #openUplink(): void {
    if (this.#waitsForTools() || this.#link?.manualTurns !== this.#manualTurns) return;
    const replayed = this.#uplink.open(this.#sink);
    if (replayed > 0) this.#note({ kind: "audio-replayed", chunks: replayed });
  }

  /** 2.5 takes no audio while a function is waited for. */
  #waitsForTools(): boolean {
    return (
      !this.#rules.hearsDuringTools &&
      this.#link !== undefined &&
      this.#tools.runningOf(this.#link.number) > 0
    );
  }

  readonly #sink: UplinkSink = {
    audio: (chunk) => {
      if (!this.#link?.connection?.sendAudio(chunk)) this.#chunksLeftOut += 1;
    },
    pause: () => this.#link?.connection?.sendAudioPause(),
    turnStart: () => this.#link?.connection?.sendTurnStart(),
    turnEnd: () => this.#link?.connection?.sendTurnEnd(),
  };

  #sendOutbox(quiet = this.#isQuiet): OutboxItem[] {
    const connection = this.#link?.connection;
    if (!connection || this.#state.phase.kind !== "live") return [];
    return this.#outbox.send({ now: Date.now(), quiet }, (item, again) => {
      if (item.kind === "text") {
        this.#say(again ? `[again: ${item.id}] ${item.text}` : item.text, item.respond);
      } else if (item.asker === this.#link?.number || this.#off.has("result-to-asker")) {
        const { id, name, response } = item;
        connection.sendToolResults([{ name, response, ...(isUnnamed(id) ? {} : { id }) }]);
      } else {
        this.#note({ kind: "told-in-words", id: item.id });
        this.#say(
          `[${item.name}, ${again ? "again: " : ""}${item.id}] ${JSON.stringify(item.response)}`,
          true,
        );
      }
    });
  }

  /** Nobody is disturbed by a word, and it does not get lost with a connection that is about to be left. */
  get #isQuiet(): boolean {
    const { phase, turn } = this.#state;
    return phase.kind === "live" && phase.rotation === undefined && isBetweenTurns(turn);
  }

  #say(text: string, respond: boolean): void {
    const connection = this.#link?.connection;
    if (!connection) return;
    if (this.#rules.texts === "content") connection.sendContent([{ role: "user", text }], respond);
    else connection.sendRealtimeText(respond ? text : `${text}\n[For you to know; no answer is needed.]`);
    if (respond) this.#happened({ kind: "asked" });
  }

  #toolFinished(call: FinishedCall): void {
    this.#calls = [...this.#calls, { name: call.name, response: call.response, at: Date.now() }].slice(
      -MAX_CALLS_KEPT,
    );
    this.#outbox.add({ kind: "tool-result", ...call });
    this.#sendOutbox();
    const asked = call.asker === this.#link?.number && this.#state.phase.kind === "live";
    this.#happened({ kind: asked ? "tools-settled" : "orphans-settled", count: 1 });
    if (asked && !this.#waitsForTools()) this.#openUplink();
  }

  #alive(): void {
    this.#outbox.heard(Date.now());
    this.#happened({ kind: "alive" });
  }

  #receive(message: ServerMessage, link: Link): void {
    this.#alive();
    const { serverContent, toolCall, toolCallCancellation, sessionResumptionUpdate, goAway, usageMetadata } =
      message;
    if (sessionResumptionUpdate?.resumable && sessionResumptionUpdate.newHandle) {
      this.#happened({ kind: "handle", handle: sessionResumptionUpdate.newHandle });
      this.#options.events.handle?.(sessionResumptionUpdate.newHandle);
    }
    if (toolCallCancellation?.ids) {
      const count = this.#tools.cancel(toolCallCancellation.ids, link.number);
      if (count > 0) this.#happened({ kind: "tools-settled", count });
      if (!this.#waitsForTools()) this.#openUplink();
    }
    if (serverContent) this.#receiveContent(serverContent);
    if (toolCall?.functionCalls) {
      const count = this.#tools.begin(toolCall.functionCalls, link.number);
      if (count > 0) this.#happened({ kind: "tools-called", count });
      if (this.#waitsForTools()) this.#uplink.hold({ rewind: false });
    }
    if (goAway) this.#happened({ kind: "go-away", timeLeftMs: durationMs(goAway.timeLeft ?? "") });
    if (usageMetadata) this.#options.events.usage(usageMetadata);
  }

  /** Listeners first: what the state makes of it may be the end of this connection. */
  #receiveContent(content: ServerContent): void {
    this.#options.events.content(content);
    if (content.interrupted) this.#happened({ kind: "interrupted" });
    for (const { inlineData } of content.modelTurn?.parts ?? []) {
      if (inlineData?.data) this.#heardSound(inlineData.data);
    }
    if (content.inputTranscription?.text?.trim()) this.#happened({ kind: "user-words" });
    if (content.outputTranscription?.text) this.#happened({ kind: "answer-words" });
    if (content.generationComplete) this.#happened({ kind: "generated" });
    if (content.turnComplete) {
      const refused = content.turnCompleteReason?.includes("REJECTED") ?? false;
      this.#happened({ kind: "turn-complete", refused });
    }
  }

  /** Once something of an answer was heard, the rest need not be looked at. */
  #heardSound(base64: string): void {
    const { model, owed } = this.#state.turn;
    if (model.kind === "answering" && model.audible && !owed) return;
    this.#happened({ kind: "answer-sound", audible: isAudible(decodePcm(base64)) });
  }

  #note(note: GeminiNote): void {
    this.#options.events.note(note);
  }
}
