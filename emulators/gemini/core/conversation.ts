import type { Language } from "../../../protocol/languages.ts";
import type { Phrases } from "../clips/clips.ts";
import { type AnswerKind, type Cause, renderAnswer } from "./answer.ts";
import type { RealtimeInput } from "./client-message.ts";
import { type Close, Closes } from "./closes.ts";
import { Delivery, planDelivery, type Step } from "./delivery.ts";
import { durationMs, INPUT_RATE_HZ, OUTPUT_RATE_HZ } from "./pcm.ts";
import type { Recording } from "./recording.ts";
import { Resampler } from "./resampler.ts";
import { audioMessage, type ServerMessage } from "./server-message.ts";
import { type ClientContent, DEFAULT_SILENCE_MS, type Setup } from "./setup.ts";
import { addTokens, audioTokens, type TokenCount, textTokens, usageOf } from "./tokens.ts";
import { type SpeechEvent, UserAudio } from "./user-audio.ts";

/** From the end of the user's turn to the first sound of the answer. */
export const THINKING_MS = 200;
/** Sound that stops in the middle of speech ends the turn after this long, as if the client had ended the stream. */
export const AUDIO_IDLE_MS = 1_000;

export interface ConversationOptions {
  setup: Setup;
  language: Language;
  phrases: Phrases;
  /** What the next answer is; asked for at the end of each turn. */
  answer: () => AnswerKind;
  /** What the session knows already, which is more than nothing when it resumes another. */
  context: TokenCount;
  received: Recording;
  sent: Recording;
  send(message: ServerMessage): void;
  /** An answer has begun or ended. While it lasts the session cannot be resumed. */
  busyChanged(busy: boolean): void;
}

/** `next`: what the user said meanwhile, where they may not interrupt. The latest counts. */
type Turn =
  | { kind: "listening" }
  | { kind: "thinking"; timer: NodeJS.Timeout; next: Cause | undefined }
  | { kind: "answering"; delivery: Delivery; sentSamples: number; next: Cause | undefined };

const LISTENING: Turn = { kind: "listening" };

/** Who speaks when, after the setup: hears the user, answers, and lets itself be interrupted. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #manual: boolean;
  readonly #interruptible: boolean;
  readonly #user: UserAudio;
  #turn: Turn = LISTENING;
  #context: TokenCount;
  #inputRate: { hz: number; resampler: Resampler } | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #turns = 0;
  #interruptions = 0;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#context = options.context;
    const config = options.setup.realtimeInputConfig;
    const detection = config?.automaticActivityDetection;
    this.#manual = detection?.disabled ?? false;
    this.#interruptible = config?.activityHandling !== "NO_INTERRUPTION";
    this.#user = new UserAudio(
      this.#manual ? "manual" : { silenceMs: detection?.silenceDurationMs ?? DEFAULT_SILENCE_MS },
    );
  }

  /** Answers begun so far, and how many of them were interrupted. */
  get turns(): number {
    return this.#turns;
  }
  get interruptions(): number {
    return this.#interruptions;
  }
  get context(): TokenCount {
    return this.#context;
  }

  /** Takes one input; a `Close` when Google would close on it. */
  input(input: RealtimeInput): Close | undefined {
    switch (input.kind) {
      case "audio":
        this.#hear(input);
        return undefined;
      case "text":
        this.#read(input.text);
        this.#answerSoon({ kind: "text" });
        return undefined;
      case "audioStreamEnd":
        this.#userDid(this.#user.end());
        return undefined;
      case "activityStart":
      case "activityEnd":
        if (!this.#manual) return Closes.badArgument("Automatic activity detection is on.");
        this.#userDid(input.kind === "activityStart" ? this.#user.begin() : this.#user.finish());
        return undefined;
      case "video":
        return undefined; // the demo voice is blind
    }
  }

  content({ turns, turnComplete }: ClientContent): void {
    for (const { text = "" } of turns.flatMap(({ parts }) => parts)) this.#read(text);
    if (turnComplete) this.#answerSoon({ kind: "text" });
  }

  /** Ends everything without a word; for when the socket is gone. */
  stop(): void {
    clearTimeout(this.#idleTimer);
    if (this.#turn.kind === "thinking") clearTimeout(this.#turn.timer);
    if (this.#turn.kind === "answering") this.#turn.delivery.cancel();
    this.#turn = LISTENING;
  }

  #read(text: string): void {
    this.#context = addTokens(this.#context, textTokens(text));
  }

  #hear({ pcm, rateHz }: { pcm: Int16Array; rateHz: number }): void {
    const samples = this.#atInputRate(pcm, rateHz);
    this.#options.received.push(samples);
    this.#context = addTokens(this.#context, audioTokens(durationMs(samples.length, INPUT_RATE_HZ)));
    for (const event of this.#user.push(samples)) this.#userDid(event);

    clearTimeout(this.#idleTimer);
    if (this.#user.speaking && !this.#manual) {
      this.#idleTimer = setTimeout(() => this.#userDid(this.#user.end()), AUDIO_IDLE_MS);
    }
  }

  #atInputRate(pcm: Int16Array, hz: number): Int16Array {
    if (hz === INPUT_RATE_HZ) return pcm;
    if (this.#inputRate?.hz !== hz) this.#inputRate = { hz, resampler: new Resampler(hz, INPUT_RATE_HZ) };
    return this.#inputRate.resampler.process(pcm);
  }

  #userDid(event: SpeechEvent | undefined): void {
    if (event?.kind === "started" && this.#interruptible) this.#interrupt();
    if (event?.kind !== "ended") return;
    const { setup, language, phrases, send } = this.#options;
    if (setup.inputAudioTranscription) {
      const text = phrases.describeSpeech(event.utterance.speechMs);
      send({ serverContent: { inputTranscription: { text, finished: true, languageCode: language } } });
    }
    const cause: Cause = { kind: "speech", utterance: event.utterance };
    if (this.#turn.kind !== "listening" && !this.#interruptible) this.#turn.next = cause;
    else this.#answerSoon(cause);
  }

  /** A text always interrupts, as it does at Google. */
  #answerSoon(cause: Cause): void {
    this.#interrupt();
    this.#options.busyChanged(true);
    const timer = setTimeout(() => this.#answer(cause), THINKING_MS);
    this.#turn = { kind: "thinking", timer, next: undefined };
  }

  #answer(cause: Cause): void {
    const plan = planDelivery(renderAnswer(this.#options.answer(), cause, this.#options.phrases));
    this.#turns++;
    const delivery = new Delivery(plan, (step) => this.#perform(step));
    const next = this.#turn.kind === "thinking" ? this.#turn.next : undefined;
    this.#turn = { kind: "answering", delivery, sentSamples: 0, next };
    delivery.start();
  }

  #perform(step: Step): void {
    const { setup, send, sent } = this.#options;
    switch (step.kind) {
      case "words":
        if (setup.outputAudioTranscription)
          send({ serverContent: { outputTranscription: { text: step.text } } });
        break;
      case "sound":
        if (this.#turn.kind === "answering") this.#turn.sentSamples += step.pcm.length;
        sent.push(step.pcm);
        send(audioMessage(step.pcm));
        break;
      case "generated":
        send({ serverContent: { generationComplete: true } });
        break;
      case "played": {
        const next = this.#turn.kind === "answering" ? this.#turn.next : undefined;
        this.#completeTurn();
        if (next) this.#answerSoon(next);
        break;
      }
    }
  }

  /** Cuts the answer off, if there is one. Nothing of it is sent any more. */
  #interrupt(): void {
    if (this.#turn.kind === "listening") return;
    if (this.#turn.kind === "thinking") clearTimeout(this.#turn.timer);
    if (this.#turn.kind === "answering") this.#turn.delivery.cancel();
    this.#interruptions++;
    this.#options.send({ serverContent: { interrupted: true } });
    this.#completeTurn();
  }

  #completeTurn(): void {
    const sentSamples = this.#turn.kind === "answering" ? this.#turn.sentSamples : 0;
    const response = audioTokens(durationMs(sentSamples, OUTPUT_RATE_HZ));
    this.#options.send({
      serverContent: { turnComplete: true },
      usageMetadata: usageOf(this.#context, response),
    });
    this.#context = addTokens(this.#context, response);
    this.#turn = LISTENING;
    this.#options.busyChanged(false);
  }
}
