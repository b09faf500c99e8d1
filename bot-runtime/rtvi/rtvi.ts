import type { Usage } from "../../protocol/session.ts";
import type { ClientNotice, Frame } from "../pipeline/frame.ts";
import type { Direction, Observer, Processor, Push } from "../pipeline/processor.ts";
import { AnswerMessages } from "./answer-messages.ts";
import { type ClientRequest, readClientMessage, refuse } from "./client-messages.ts";
import { fitMessage } from "./fit-message.ts";
import { type FunctionCallReport, functionCallMessages } from "./function-calls.ts";
import { MAX_MESSAGE_CHARS, MAX_TEXT_JSON_CHARS, RTVI_LABEL, type ServerMessage } from "./messages.ts";
import { splitText } from "./split-text.ts";

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
  /** Set when the client was ready before, with the version that it told then. */
  client?: { rtviVersion?: string | undefined } | undefined;
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
  readonly #answers = new AnswerMessages();
  #push: Push | undefined;
  #readyBefore: boolean;
  /** The client's message that somebody down the chain may answer, while it is on its way. */
  #asked: string | undefined;

  constructor({ userId, measured = [], functionCalls = "none", client, events }: RtviOptions) {
    this.#userId = userId;
    this.#measured = measured;
    this.#functionCalls = functionCalls;
    this.#events = events;
    this.#readyBefore = client !== undefined;
    if (client?.rtviVersion !== undefined) this.#answers.speak(client.rtviVersion);
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

  /** Tells the client what is no frame's to tell. Without effect before `start` and after `stop`. */
  tell(data: ClientNotice): void {
    this.#send({ type: "server-message", data });
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
    this.#answers.speak(version);
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
    const { underWay } = this.#answers;
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
        this.#answers.nextIsRead();
        return [];
      case "answer-started":
      case "answer-audio":
      case "answer-text":
      case "answer-interrupted":
      case "answer-generated":
      case "answer-ended":
        return this.#answers.made(frame);
      case "bot-started-speaking":
      case "bot-heard":
      case "bot-stopped-speaking":
        return this.#answers.heard(frame);
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
      case "turn-metrics":
        return this.#processing(frame.processingMs);
      case "usage":
        return [{ type: "metrics", data: { tokens: [tokens(frame.usage)] } }];
      case "failed":
        // Pipecat's field is `error`, clients before 1.13.1 read `message`.
        return [{ type: "error", data: { error: frame.detail, message: frame.detail, fatal: true } }];
      default:
        return [];
    }
  }

  /** Of what was measured of a turn, the rest is told as it happens, or is no figure of RTVI's. */
  #processing(processingMs: number | undefined): ServerMessage[] {
    const [processor] = this.#measured;
    if (processingMs === undefined || processor === undefined) return [];
    return [{ type: "metrics", data: { processing: [{ processor, value: processingMs / 1_000 }] } }];
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
