import type { Language } from "../../../protocol/languages.ts";
import type { Clips } from "../clips/clips.ts";
import type { Access } from "./auth-tokens.ts";
import type { ClientMessage } from "./client-message.ts";
import { firstListening, hear, type Listening, type SessionRules } from "./client-message-rules.ts";
import { type Close, Closes, fitReason } from "./closes.ts";
import { Conversation, type Moment } from "./conversation.ts";
import { type Door, rulesOf } from "./doors.ts";
import type { HandleStore, Resumable } from "./handles.ts";
import { instructionText, sessionLanguage } from "./language.ts";
import { MessageLog } from "./message-log.ts";
import type { Orders } from "./orders.ts";
import { INPUT_RATE_HZ, OUTPUT_RATE_HZ } from "./pcm.ts";
import type { Random } from "./random.ts";
import { Recording, type RecordingBudget } from "./recording.ts";
import { goAwayMessage, type ServerMessage } from "./server-message.ts";
import type { SessionView } from "./session-view.ts";
import type { Setup } from "./setup.ts";
import { checkSetup } from "./setup-rules.ts";
import { textTokens } from "./tokens.ts";
import type { OrderedCall } from "./tools.ts";
import { accept } from "./wire-json.ts";

export interface LiveSessionOptions {
  id: string;
  /** Where the client came in. */
  door: Door;
  /** What its credential allows. */
  access: Access;
  clips: Clips;
  handles: HandleStore;
  budget: RecordingBudget;
  orders: Orders;
  random: Random;
  /** What becomes of a setup that is in order; asked once. */
  planSetup(resumedFrom: string | null): SetupPlan;
  send(message: ServerMessage): void;
  /** The server closes: the last call. The reason fits a close frame. */
  close(close: Close): void;
  /** The setup is complete; `setupComplete` has just been sent. */
  ready(): void;
  happened(moment: Moment): void;
}

export type SetupPlan =
  | { kind: "complete"; afterMs: number }
  /** `setupComplete` does not come. */
  | { kind: "never" }
  | { kind: "close"; close: Close };

/** How a connection ends that was told so before. */
export interface GoAway {
  timeLeftMs: number;
  close: Close;
  /** The server says nothing more until then. */
  thenSilent: boolean;
}

/** Why something cannot be ordered of a session that is not live, as a sentence. */
export const NOT_SET_UP = "The session has not completed its setup.";

/** Messages that may come before `setupComplete`: a minute of 20 ms frames. */
const MAX_EARLY_MESSAGES = 3_000;

/** A setup that was accepted. */
interface Accepted extends SessionRules {
  language: Language;
  resumedFrom: string | null;
  /** Its place among the sessions that can be resumed. */
  resumable: Resumable;
  conversation: Conversation;
}

type Phase =
  | { kind: "connected" }
  | { kind: "settingUp"; accepted: Accepted; early: ClientMessage[]; timer: NodeJS.Timeout | undefined }
  | { kind: "live"; accepted: Accepted; listening: Listening }
  | { kind: "over"; accepted: Accepted | undefined; closed: Close | null };

/** One connection of a client, without its socket. Time comes from the platform's timers. */
export class LiveSession {
  readonly id: string;
  readonly received: Recording;
  readonly sent: Recording;
  readonly messages = new MessageLog();
  readonly #options: LiveSessionOptions;
  readonly #openedAt = new Date().toISOString();
  #phase: Phase = { kind: "connected" };
  #goAwayTimer: NodeJS.Timeout | undefined;
  #silenced = false;
  /** Messages of the client since its setup. */
  #consumed = 0;
  #handles = 0;

  constructor(options: LiveSessionOptions) {
    this.id = options.id;
    this.#options = options;
    this.received = new Recording(INPUT_RATE_HZ, options.budget);
    this.sent = new Recording(OUTPUT_RATE_HZ, options.budget);
  }

  receive(message: ClientMessage): void {
    const expired = this.#options.access.expired();
    if (expired) this.close(expired);
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
      case "live": {
        const heard = hear(phase.listening, message, phase.accepted);
        if (heard.kind === "refused") {
          this.close(heard.close);
          return;
        }
        this.#phase = { ...phase, listening: heard.listening };
        this.#consumed++;
        this.#converse(phase.accepted.conversation, heard.message);
        return;
      }
      case "over":
        return; // what was on its way when we closed
    }
  }

  /** The conversation; none before `setupComplete` and after the end. */
  get conversation(): Conversation | undefined {
    return this.#phase.kind === "live" ? this.#phase.accepted.conversation : undefined;
  }

  /** Says something out of turn. @returns false where the setup is not complete */
  say(message: ServerMessage): boolean {
    if (this.#phase.kind !== "live") return false;
    this.#send(message);
    return true;
  }

  /** @returns why no function can be called, as a sentence */
  callTools(calls: readonly OrderedCall[]): string | undefined {
    const { conversation } = this;
    return conversation ? conversation.callTools(calls) : NOT_SET_UP;
  }

  /** Announces the end of the connection, which then comes. */
  goAway({ timeLeftMs, close, thenSilent }: GoAway): void {
    if (this.#phase.kind === "over") return;
    clearTimeout(this.#goAwayTimer);
    this.#goAwayTimer = setTimeout(() => this.close(close), timeLeftMs);
    this.#send(goAwayMessage(timeLeftMs));
    if (thenSilent) this.#silenced = true;
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
      personality: accepted?.personality.name ?? null,
      language: accepted?.language ?? null,
      open: this.#phase.kind !== "over",
      openedAt: this.#openedAt,
      receivedAudioMs: this.received.durationMs,
      sentAudioMs: this.sent.durationMs,
      turns: accepted?.conversation.turns ?? 0,
      interruptions: accepted?.conversation.interruptions ?? 0,
      toolCalls: (accepted?.conversation.toolCalls ?? []).map(({ id, name, state }) => ({ id, name, state })),
      handles: this.#handles,
      resumedFrom: accepted?.resumedFrom ?? null,
      lastSetup: accepted?.setup ?? null,
      closed: this.#phase.kind === "over" ? this.#phase.closed : null,
    };
  }

  #setUp(asked: Setup): void {
    const { door, access, handles } = this.#options;
    const admitted = access.admit(asked);
    if (!admitted.ok) {
      this.close(admitted.close);
      return;
    }
    const checked = checkSetup(admitted.value, door);
    if (!checked.ok) {
      this.close(checked.close);
      return;
    }
    const setup = admitted.value;
    const handle = setup.sessionResumption?.handle;
    const begun = handle
      ? handles.resume(handle, setup.model)
      : accept({ snapshot: undefined, resumable: handles.begin(setup.model) });
    if (!begun.ok) {
      this.close(begun.close);
      return;
    }
    const { snapshot: resumed, resumable } = begun.value;
    const resumedFrom = resumed?.sessionId ?? null;
    const plan = this.#options.planSetup(resumedFrom);
    if (plan.kind === "close") {
      resumable.end();
      this.close(plan.close);
      return;
    }
    const language = sessionLanguage(setup);
    const personality = checked.value;
    const conversation = new Conversation({
      setup,
      language,
      personality,
      rules: rulesOf(door),
      phrases: this.#options.clips[language],
      orders: this.#options.orders,
      random: this.#options.random,
      context: resumed?.context ?? textTokens(instructionText(setup)),
      received: this.received,
      sent: this.sent,
      send: (message) => this.#send(message),
      busyChanged: (busy) => this.#offerResumption(busy),
      happened: this.#options.happened,
    });
    this.#phase = {
      kind: "settingUp",
      accepted: { setup, door, personality, language, resumedFrom, resumable, conversation },
      early: [],
      timer: plan.kind === "never" ? undefined : setTimeout(() => this.#completeSetup(), plan.afterMs),
    };
  }

  #completeSetup(): void {
    if (this.#phase.kind !== "settingUp") return;
    const { accepted, early } = this.#phase;
    const listening = firstListening(accepted, accepted.resumedFrom !== null);
    this.#phase = { kind: "live", accepted, listening };
    const { tellsSessionId } = rulesOf(accepted.door);
    this.#send({ setupComplete: tellsSessionId ? { sessionId: this.#options.random.uuid() } : {} });
    this.#offerResumption(false);
    this.#options.ready();
    for (const message of early) this.receive(message);
  }

  #converse(conversation: Conversation, message: ClientMessage): void {
    switch (message.kind) {
      case "setup":
        return; // refused already: there can be only one
      case "content":
        conversation.content(message.content);
        return;
      case "input":
        for (const input of message.inputs) conversation.input(input);
        return;
      case "toolResponse": {
        const close = conversation.toolResponse(message.responses);
        if (close) this.close(close);
        return;
      }
      case "contextUpdate":
        // The demo voice follows no instruction, so a new one changes nothing.
        if (message.update.tools?.tools) conversation.declare(message.update.tools.tools);
        return;
    }
  }

  #send(message: ServerMessage): void {
    if (this.#silenced) return;
    this.messages.said(message);
    this.#options.send(message);
  }

  /** A new handle at each point where the session can be resumed; the word that it cannot, in between. */
  #offerResumption(busy: boolean): void {
    if (this.#phase.kind !== "live") return;
    const { setup, conversation, resumable } = this.#phase.accepted;
    if (!setup.sessionResumption) return;
    const newHandle = busy ? "" : resumable.issue({ sessionId: this.id, context: conversation.context });
    if (!busy) this.#handles++;
    const index = setup.sessionResumption.transparent
      ? { lastConsumedClientMessageIndex: String(this.#consumed) }
      : {};
    this.#send({ sessionResumptionUpdate: { newHandle, resumable: !busy, ...index } });
  }

  #end(closed: Close | null): void {
    clearTimeout(this.#goAwayTimer);
    const accepted = this.#phase.kind === "connected" ? undefined : this.#phase.accepted;
    if (this.#phase.kind === "settingUp") clearTimeout(this.#phase.timer);
    accepted?.conversation.stop();
    accepted?.resumable.end();
    this.#phase = { kind: "over", accepted, closed };
  }
}
