import type { Usage } from "../../protocol/session.ts";
import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { AnswerFrame, Frame, SpeakingFrame } from "../pipeline/frame.ts";
import type { Direction, Observer, Processor, Push } from "../pipeline/processor.ts";
import { BotOutputs } from "./bot-outputs.ts";
import { BotTranscription } from "./bot-transcription.ts";
import { type ClientRequest, readClientMessage, refuse } from "./client-messages.ts";
import { fitMessage } from "./fit-message.ts";
import { type FunctionCallReport, functionCallMessages } from "./function-calls.ts";
import {
  type BotOutput,
  MAX_MESSAGE_CHARS,
  RTVI_LABEL,
  RTVI_VERSION,
  type ServerMessage,
} from "./messages.ts";
import { splitText } from "./split-text.ts";

/** Of a text that stands alone in its message, in characters of JSON: the rest is for what stands around it. */
const MAX_TEXT_JSON_CHARS = MAX_MESSAGE_CHARS - 512;

export interface RtviEvents {
  /** Characters of text were left out of a message that was too long for the room. */
  messageCut(type: ServerMessage["type"], chars: number): void;
  /** A client message was answered with an error. */
  refused(detail: string): void;
}

export interface RtviOptions {
  /** What transcripts name the user by. */
  userId: string;
  /** Whose times `metrics` will tell. Clients are told their names first, with times of zero, as Pipecat does it. */
  measured?: readonly string[];
  functionCalls?: FunctionCallReport;
  events: RtviEvents;
}

/**
 * The client's side channel. As a processor it answers the client's messages; as an observer it tells the client
 * what happens anywhere in the pipeline, each thing once.
 */
export class Rtvi implements Processor, Observer {
  readonly name = "Rtvi";
  readonly #userId: string;
  readonly #measured: readonly string[];
  readonly #functionCalls: FunctionCallReport;
  readonly #events: RtviEvents;
  readonly #outputs = new BotOutputs();
  readonly #botTranscription = new BotTranscription();
  #push: Push | undefined;
  #clientVersion = RTVI_VERSION;
  #readyBefore = false;
  /** The client's message that somebody down the chain may answer, while it is on its way. */
  #asked: string | undefined;
  /** The next answer has no voice. */
  #nextIsRead = false;
  /** Newest answer of which audio has come. */
  #voicedUpTo = 0;
  /** Newest answer that was cut off. */
  #interruptedUpTo = 0;

  constructor({ userId, measured = [], functionCalls = "none", events }: RtviOptions) {
    this.#userId = userId;
    this.#measured = measured;
    this.#functionCalls = functionCalls;
    this.#events = events;
  }

  start(push: Push): void {
    this.#push = push;
  }

  stop(): void {
    this.#push = undefined;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    if (frame.type === "client-response") {
      this.#respond(frame);
      return;
    }
    if (frame.type !== "app-message") {
      push(frame, direction);
      return;
    }
    const request = readClientMessage(frame.data);
    if (request.kind === "foreign") push(frame, direction);
    else this.#follow(request, push);
  }

  onFrame(frame: Frame): void {
    for (const message of this.#messagesFor(frame)) this.#send(message);
  }

  #follow(request: Exclude<ClientRequest, { kind: "foreign" }>, push: Push): void {
    switch (request.kind) {
      case "refused":
        this.#reply(request.replies);
        return;
      case "disconnect":
        push({ type: "end-requested", reason: "stopped", graceful: true }, "down");
        return;
      case "ready":
        this.#ready(request, push);
        return;
      case "text":
        this.#write(request, push);
        return;
      case "message":
        this.#ask(request, push);
        return;
      case "audio":
        for (const pcm of request.pieces) push({ type: "input-audio", pcm }, "down");
    }
  }

  #ready({ version, replies }: Extract<ClientRequest, { kind: "ready" }>, push: Push): void {
    this.#clientVersion = version;
    const first = !this.#readyBefore;
    this.#readyBefore = true;
    this.#reply(replies);
    if (first && this.#measured.length > 0) {
      const zero = this.#measured.map((processor) => ({ processor, value: 0 }));
      this.#send({ type: "metrics", data: { ttfb: zero, processing: zero } });
    }
    push({ type: "client-ready", version, first }, "down");
  }

  /** What is to be answered at once interrupts the bot, also where the model has long said all that is still heard. */
  #write({ text, run, voiced }: Extract<ClientRequest, { kind: "text" }>, push: Push): void {
    const { underWay } = this.#outputs;
    if (run && underWay !== undefined) push({ type: "answer-interrupted", generation: underWay }, "down");
    if (run && !voiced) push({ type: "next-answer-silent" }, "down");
    push({ type: "user-message", text, respond: run }, "down");
  }

  #ask({ id, t, d }: Extract<ClientRequest, { kind: "message" }>, push: Push): void {
    this.#asked = id;
    push({ type: "client-request", id, t, d }, "down");
    if (this.#asked === undefined) return;
    this.#asked = undefined;
    this.#reply([refuse(id, `Unsupported client message ${t}`)]);
  }

  #respond({ id, t, result }: Extract<Frame, { type: "client-response" }>): void {
    if (this.#asked !== id) return;
    this.#asked = undefined;
    if (!result.ok) this.#reply([refuse(id, result.error)]);
    else this.#send({ type: "server-response", id, data: { t, ...(result.d ? { d: result.d } : {}) } });
  }

  #messagesFor(frame: Frame): ServerMessage[] {
    switch (frame.type) {
      case "user-started-speaking":
      case "user-stopped-speaking":
        return [{ type: frame.type }];
      case "user-transcript":
        return this.#transcription(frame);
      case "user-message":
        return [{ type: "user-llm-text", data: { text: frame.text } }];
      case "next-answer-silent":
        this.#nextIsRead = true;
        return [];
      case "answer-started":
      case "answer-audio":
      case "answer-text":
      case "answer-interrupted":
      case "answer-generated":
      case "answer-ended":
        return this.#answerMessages(frame);
      case "bot-started-speaking":
      case "bot-heard":
      case "bot-stopped-speaking":
        return this.#speakingMessages(frame);
      case "tool-started":
      case "tool-ended":
      case "tool-cancelled":
        return functionCallMessages(frame, this.#functionCalls);
      case "assistant-status": {
        const { kind: status, ...rest } = frame.status;
        return [{ type: "server-message", data: { t: "assistant-status", d: { status, ...rest } } }];
      }
      case "client-notice":
        return [{ type: "server-message", data: frame.data }];
      case "first-audio":
        return [
          { type: "metrics", data: { ttfb: [{ processor: frame.processor, value: frame.ttfbMs / 1000 }] } },
        ];
      case "usage":
        return [{ type: "metrics", data: { tokens: [tokens(frame.usage)] } }];
      case "failed":
        // Pipecat's field is `error`, clients before 1.13.1 read `message`.
        return [{ type: "error", data: { error: frame.detail, message: frame.detail, fatal: true } }];
      default:
        return [];
    }
  }

  #answerMessages(frame: AnswerFrame): ServerMessage[] {
    const { generation } = frame;
    switch (frame.type) {
      case "answer-started":
        this.#outputs.started(generation, { read: this.#nextIsRead });
        // Whatever audio comes of it will not be heard: to the client it has none.
        if (this.#nextIsRead) this.#voicedUpTo = generation;
        this.#nextIsRead = false;
        return [{ type: "bot-llm-started" }];
      case "answer-audio":
        this.#outputs.audio(generation, (frame.pcm.length * 1_000) / OUTPUT_SAMPLE_RATE);
        if (generation <= this.#voicedUpTo) return [];
        this.#voicedUpTo = generation;
        return [{ type: "bot-tts-started" }];
      case "answer-text":
        return this.#textMessages(generation, frame.text);
      case "answer-interrupted": {
        this.#outputs.interrupted(generation);
        // Told once, though both we and the model may say so.
        if (generation <= this.#interruptedUpTo) return [];
        this.#interruptedUpTo = generation;
        return [{ type: "bot-interrupted" }];
      }
      case "answer-generated":
        return this.#outputMessages(this.#outputs.generated(generation));
      case "answer-ended":
        return [
          ...(frame.interrupted ? [] : this.#sentenceMessages(this.#botTranscription.ended(generation))),
          ...(generation <= this.#voicedUpTo ? [{ type: "bot-tts-stopped" } as const] : []),
          { type: "bot-llm-stopped" },
          ...this.#outputMessages(this.#outputs.ended(generation, frame.interrupted)),
        ];
    }
  }

  #speakingMessages(frame: SpeakingFrame): ServerMessage[] {
    const { generation } = frame;
    switch (frame.type) {
      case "bot-started-speaking":
        return [{ type: frame.type }, ...this.#outputMessages(this.#outputs.heard(generation))];
      case "bot-heard":
        return this.#outputMessages(this.#outputs.progress(generation, frame.playedMs));
      case "bot-stopped-speaking":
        return [{ type: frame.type }, ...this.#outputMessages(this.#outputs.silent(generation, frame))];
    }
  }

  #textMessages(generation: number, text: string): ServerMessage[] {
    const outputs = this.#outputs.text(generation, text);
    if (!outputs) return [];
    return [
      ...splitText(text, MAX_TEXT_JSON_CHARS).flatMap((piece): ServerMessage[] => [
        { type: "bot-llm-text", data: { text: piece } },
        { type: "bot-tts-text", data: { text: piece } },
      ]),
      ...this.#sentenceMessages(this.#botTranscription.text(generation, text)),
      ...this.#outputMessages(outputs),
    ];
  }

  #sentenceMessages(sentences: string[]): ServerMessage[] {
    return sentences.map((text) => ({ type: "bot-transcription", data: { text } }));
  }

  /** Only what is final adds up at the client: the rest of what is not is told with the next one. */
  #transcription({ text, at, final }: Extract<Frame, { type: "user-transcript" }>): ServerMessage[] {
    const timestamp = new Date(at).toISOString();
    const pieces = final ? splitText(text, MAX_TEXT_JSON_CHARS) : [text];
    return pieces.map((piece) => ({
      type: "user-transcription",
      data: { text: piece, user_id: this.#userId, timestamp, final },
    }));
  }

  /** Clients of protocol 1 know no status: they get each sentence once, when it begins. */
  #outputMessages(outputs: BotOutput[]): ServerMessage[] {
    if (!this.#clientVersion.startsWith("1.")) return outputs.map((data) => ({ type: "bot-output", data }));
    return outputs
      .filter(({ spoken_status }) => spoken_status === undefined || spoken_status === "new")
      .map(({ text, aggregated_by, will_be_spoken }) => ({
        type: "bot-output",
        data: { text, aggregated_by, spoken: will_be_spoken },
      }));
  }

  #reply(replies: ServerMessage[]): void {
    for (const reply of replies) {
      if (reply.type === "error-response") this.#events.refused(reply.data.error);
      this.#send(reply);
    }
  }

  #send(message: ServerMessage): void {
    const fitted = fitMessage({ label: RTVI_LABEL, ...message }, MAX_MESSAGE_CHARS);
    if (!fitted) throw new Error(`A message of type ${message.type} cannot be made to fit.`);
    if (fitted.cutChars > 0) this.#events.messageCut(message.type, fitted.cutChars);
    this.#push?.({ type: "app-message-out", data: fitted.message }, "down");
  }
}

function tokens(usage: Usage): { prompt_tokens: number; completion_tokens: number; total_tokens: number } {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.responseTokens,
    total_tokens: usage.totalTokens,
  };
}
