import type { Language } from "../../../protocol/languages.ts";
import type { Clips } from "../clips/clips.ts";
import type { AnswerKind } from "./answer.ts";
import type { ClientMessage } from "./client-message.ts";
import { type Close, Closes, fitReason } from "./closes.ts";
import { Conversation } from "./conversation.ts";
import type { HandleStore } from "./handles.ts";
import { instructionText, sessionLanguage } from "./language.ts";
import { isLiveModel } from "./models.ts";
import { INPUT_RATE_HZ, OUTPUT_RATE_HZ } from "./pcm.ts";
import { Recording, type RecordingBudget } from "./recording.ts";
import { goAwayMessage, type ServerMessage } from "./server-message.ts";
import type { Setup } from "./setup.ts";
import { textTokens } from "./tokens.ts";

export interface LiveSessionOptions {
  id: string;
  /** As in the path of the connection: `v1beta`. */
  apiVersion: string;
  clips: Clips;
  handles: HandleStore;
  budget: RecordingBudget;
  answer: AnswerKind;
  /** How long the setup takes. */
  setupMs: number;
  send(message: ServerMessage): void;
  /** The server closes: the last call. The reason fits a close frame. */
  close(close: Close): void;
  /** The setup is complete; `setupComplete` has just been sent. */
  ready(): void;
}

/** A session as the emulator shows it. Times are ISO 8601; `closed` is how the emulator closed it, if it did. */
export interface SessionView {
  id: string;
  /** As the client asked for it: `models/…`. */
  model: string | null;
  language: Language | null;
  open: boolean;
  openedAt: string;
  receivedAudioMs: number;
  sentAudioMs: number;
  /** Answers begun, and how many of them were interrupted. */
  turns: number;
  interruptions: number;
  /** The id of the session that this one resumes. */
  resumes: string | null;
  lastSetup: Setup | null;
  closed: Close | null;
}

/** Messages that may come before `setupComplete`: a minute of 20 ms frames. */
const MAX_EARLY_MESSAGES = 3_000;

/** A setup that was accepted. */
interface Accepted {
  setup: Setup;
  language: Language;
  resumes: string | null;
  conversation: Conversation;
}

type Phase =
  | { kind: "connected" }
  | { kind: "settingUp"; accepted: Accepted; early: ClientMessage[]; timer: NodeJS.Timeout }
  | { kind: "live"; accepted: Accepted }
  | { kind: "over"; accepted: Accepted | undefined; closed: Close | null };

/** One connection of a client, without its socket. Time comes from the platform's timers. */
export class LiveSession {
  readonly id: string;
  readonly received: Recording;
  readonly sent: Recording;
  readonly #options: LiveSessionOptions;
  readonly #openedAt = new Date().toISOString();
  #answer: AnswerKind;
  #phase: Phase = { kind: "connected" };
  #goAwayTimer: NodeJS.Timeout | undefined;

  constructor(options: LiveSessionOptions) {
    this.id = options.id;
    this.#options = options;
    this.#answer = options.answer;
    this.received = new Recording(INPUT_RATE_HZ, options.budget);
    this.sent = new Recording(OUTPUT_RATE_HZ, options.budget);
  }

  receive(message: ClientMessage): void {
    const phase = this.#phase;
    switch (phase.kind) {
      case "connected":
        if (message.kind === "setup") this.#setUp(message.setup);
        else this.close(Closes.badArgument("The first message has to be the setup."));
        return;
      case "settingUp":
        if (phase.early.length < MAX_EARLY_MESSAGES) phase.early.push(message);
        else this.close(Closes.badArgument("Too many messages before setupComplete."));
        return;
      case "live":
        this.#converse(phase.accepted.conversation, message);
        return;
      case "over":
        return; // what was on its way when we closed
    }
  }

  /** What is answered from the next turn on. */
  setAnswer(answer: AnswerKind): void {
    this.#answer = answer;
  }

  /** Announces the end of the connection, which then comes. */
  goAway(timeLeftMs: number): void {
    if (this.#phase.kind === "over") return;
    clearTimeout(this.#goAwayTimer);
    this.#goAwayTimer = setTimeout(() => this.close(Closes.deadline), timeLeftMs);
    this.#options.send(goAwayMessage(timeLeftMs));
  }

  /** Closes the connection from this side. */
  close(close: Close): void {
    if (this.#phase.kind === "over") return;
    const closed = { code: close.code, reason: fitReason(close.reason) };
    this.#end(closed);
    this.#options.close(closed);
  }

  /** The client has gone. Idempotent. */
  gone(): void {
    if (this.#phase.kind !== "over") this.#end(null);
  }

  view(): SessionView {
    const accepted = this.#phase.kind === "connected" ? undefined : this.#phase.accepted;
    return {
      id: this.id,
      model: accepted?.setup.model ?? null,
      language: accepted?.language ?? null,
      open: this.#phase.kind !== "over",
      openedAt: this.#openedAt,
      receivedAudioMs: this.received.durationMs,
      sentAudioMs: this.sent.durationMs,
      turns: accepted?.conversation.turns ?? 0,
      interruptions: accepted?.conversation.interruptions ?? 0,
      resumes: accepted?.resumes ?? null,
      lastSetup: accepted?.setup ?? null,
      closed: this.#phase.kind === "over" ? this.#phase.closed : null,
    };
  }

  #setUp(setup: Setup): void {
    if (!isLiveModel(setup.model)) {
      this.close(Closes.unknownModel(setup.model, this.#options.apiVersion));
      return;
    }
    const handle = setup.sessionResumption?.handle;
    const resumed = handle ? this.#options.handles.find(handle) : undefined;
    if (handle && !resumed) {
      this.close(Closes.unknownHandle);
      return;
    }
    const language = sessionLanguage(setup);
    const conversation = new Conversation({
      setup,
      language,
      phrases: this.#options.clips[language],
      answer: () => this.#answer,
      context: resumed?.context ?? textTokens(instructionText(setup)),
      received: this.received,
      sent: this.sent,
      send: this.#options.send,
      busyChanged: (busy) => this.#offerResumption(busy),
    });
    this.#phase = {
      kind: "settingUp",
      accepted: { setup, language, resumes: resumed?.sessionId ?? null, conversation },
      early: [],
      timer: setTimeout(() => this.#completeSetup(), this.#options.setupMs),
    };
  }

  #completeSetup(): void {
    if (this.#phase.kind !== "settingUp") return;
    const { accepted, early } = this.#phase;
    this.#phase = { kind: "live", accepted };
    this.#options.send({ setupComplete: {} });
    this.#offerResumption(false);
    this.#options.ready();
    for (const message of early) this.receive(message);
  }

  #converse(conversation: Conversation, message: ClientMessage): void {
    switch (message.kind) {
      case "setup":
        this.close(Closes.badArgument("There can be only one setup."));
        return;
      case "content":
        conversation.content(message.content);
        return;
      case "input":
        for (const input of message.inputs) {
          const close = conversation.input(input);
          if (close) {
            this.close(close);
            return;
          }
        }
        return;
      case "toolResponse":
        this.close(Closes.badArgument("No tool was called."));
        return;
      case "contextUpdate":
        return; // the demo voice follows no instruction, so a new one changes nothing
    }
  }

  /** A new handle at each point where the session can be resumed; the word that it cannot, in between. */
  #offerResumption(busy: boolean): void {
    if (this.#phase.kind !== "live") return;
    const { setup, conversation } = this.#phase.accepted;
    if (!setup.sessionResumption) return;
    const newHandle = busy
      ? ""
      : this.#options.handles.issue({ sessionId: this.id, context: conversation.context });
    this.#options.send({ sessionResumptionUpdate: { newHandle, resumable: !busy } });
  }

  #end(closed: Close | null): void {
    clearTimeout(this.#goAwayTimer);
    const accepted = this.#phase.kind === "connected" ? undefined : this.#phase.accepted;
    if (this.#phase.kind === "settingUp") clearTimeout(this.#phase.timer);
    accepted?.conversation.stop();
    this.#phase = { kind: "over", accepted, closed };
  }
}
