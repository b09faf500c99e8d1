import type { Phrases } from "../clips/clips.ts";
import { type AnswerKind, type Cause, renderAnswer, type Segment } from "./answer.ts";
import { planDelivery, type Step, type Timed } from "./delivery.ts";
import type { DoorRules } from "./doors.ts";
import { frameContents } from "./frames.ts";
import type { Orders, TurnFault } from "./orders.ts";
import { thinkingMs } from "./pace.ts";
import type { Personality } from "./personalities.ts";
import type { Random } from "./random.ts";
import type { Recording } from "./recording.ts";
import { audioContent, type ContentMessage, type ServerMessage } from "./server-message.ts";
import type { Setup } from "./setup.ts";

export interface SpeakerOptions {
  setup: Setup;
  phrases: Phrases;
  personality: Personality;
  rules: DoorRules;
  orders: Orders;
  random: Random;
  sent: Recording;
  send(message: ServerMessage): void;
}

/** How the model says things: what an answer is made of, and how that looks in messages. */
export class Speaker {
  readonly #options: SpeakerOptions;

  constructor(options: SpeakerOptions) {
    this.#options = options;
  }

  /** How long the next answer is thought about. */
  thinkingMs(): number {
    return thinkingMs(this.#options.orders.pace, this.#options.random);
  }

  /** What is answered, and when each part of it leaves. */
  plan(cause: Cause, answer: AnswerKind = this.#options.orders.answer): Timed<Step>[] {
    const { orders, phrases, random } = this.#options;
    const fault = orders.takeTurnFault();
    if (fault === "refused") return [{ atMs: 0, step: { kind: "refused" } }];
    const segments = spoilt(renderAnswer(answer, cause, phrases), fault);
    return planDelivery(segments, { pace: orders.pace, random });
  }

  /** Says what comes before the first word of an answer, where something does. */
  open(plan: readonly Timed<Step>[]): void {
    const { rules, setup } = this.#options;
    const speaks = plan.some(({ step }) => step.kind === "words" || step.kind === "sound");
    if (!speaks || !rules.emptyTranscriptionFirst || !setup.outputAudioTranscription) return;
    this.say([{ serverContent: { outputTranscription: {} } }]);
  }

  /** Says what belongs to one moment. */
  say(contents: readonly ContentMessage[]): void {
    const { orders, personality, send } = this.#options;
    const style = orders.frameStyle ?? (personality.bundlesFields ? "bundled" : "split");
    for (const message of frameContents(contents, style)) send(message);
  }

  /** A part of an answer as content; it is about to be said. */
  contentOf(step: Step): ContentMessage[] {
    switch (step.kind) {
      case "words":
        if (!this.#options.setup.outputAudioTranscription) return [];
        return [{ serverContent: { outputTranscription: { text: step.text } } }];
      case "sound":
        return [this.#sound(step.pcm)];
      case "generated":
        return [{ serverContent: { generationComplete: true } }];
      case "refused":
      case "played":
        return [];
    }
  }

  /** Sound that belongs to no answer any more, each piece by itself. */
  stray(chunks: readonly Int16Array[]): void {
    for (const pcm of chunks) this.say([this.#sound(pcm)]);
  }

  #sound(pcm: Int16Array): ContentMessage {
    this.#options.sent.push(pcm);
    return audioContent(pcm, this.#options.personality.audioMimeType);
  }
}

function spoilt(segments: readonly Segment[], fault: TurnFault | undefined): readonly Segment[] {
  if (fault === "empty") return [];
  if (fault === "silent") return segments.map(({ pcm, text }) => ({ pcm: new Int16Array(pcm.length), text }));
  return segments;
}
