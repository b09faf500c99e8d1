import type { Usage } from "../../protocol/session.ts";
import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Observer, Processor, Push } from "../pipeline/processor.ts";
import { BotOutputs } from "./bot-outputs.ts";
import { readClientMessage } from "./client-messages.ts";
import { fitMessage } from "./fit-message.ts";
import {
  type BotOutput,
  MAX_MESSAGE_CHARS,
  RTVI_LABEL,
  RTVI_VERSION,
  type ServerMessage,
} from "./messages.ts";

export interface RtviEvents {
  /** Characters of text were left out of a message that was too long for the room. */
  messageCut(type: ServerMessage["type"], chars: number): void;
  /** A client message was answered with an error. */
  refused(detail: string): void;
}

/**
 * The client's side channel. As a processor it answers the client's messages; as an observer it tells the client
 * what happens anywhere in the pipeline, each thing once.
 */
export class Rtvi implements Processor, Observer {
  readonly name = "Rtvi";
  readonly #userId: string;
  readonly #events: RtviEvents;
  readonly #outputs = new BotOutputs();
  #push: Push | undefined;
  #clientVersion = RTVI_VERSION;
  #readyBefore = false;
  /** Newest answer of which audio has come. */
  #voicedUpTo = 0;

  /** @param options.userId what transcripts name the user by. */
  constructor(options: { userId: string; events: RtviEvents }) {
    this.#userId = options.userId;
    this.#events = options.events;
  }

  start(push: Push): void {
    this.#push = push;
  }

  stop(): void {
    this.#push = undefined;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    if (frame.type !== "app-message") {
      push(frame, direction);
      return;
    }
    const request = readClientMessage(frame.data);
    switch (request.kind) {
      case "foreign":
        push(frame, direction);
        return;
      case "refused":
        this.#reply(request.replies);
        return;
      case "disconnect":
        push({ type: "end-requested", reason: "stopped" }, "down");
        return;
      case "ready": {
        this.#clientVersion = request.version;
        const first = !this.#readyBefore;
        this.#readyBefore = true;
        this.#reply(request.replies);
        push({ type: "client-ready", version: request.version, first }, "down");
      }
    }
  }

  onFrame(frame: Frame): void {
    for (const message of this.#messagesFor(frame)) this.#send(message);
  }

  #messagesFor(frame: Frame): ServerMessage[] {
    switch (frame.type) {
      case "user-started-speaking":
      case "user-stopped-speaking":
        return [{ type: frame.type }];
      case "user-transcript":
        return [this.#transcription(frame)];
      case "answer-started":
        return [{ type: "bot-llm-started" }];
      case "answer-audio":
        if (frame.generation <= this.#voicedUpTo) return [];
        this.#voicedUpTo = frame.generation;
        return [{ type: "bot-tts-started" }];
      case "answer-text":
        return [
          { type: "bot-llm-text", data: { text: frame.text } },
          { type: "bot-tts-text", data: { text: frame.text } },
          ...this.#outputMessages(this.#outputs.text(frame.generation, frame.text)),
        ];
      case "answer-interrupted":
        return [
          { type: "bot-interrupted" },
          ...this.#outputMessages(this.#outputs.silent(frame.generation, true)),
        ];
      case "answer-generated":
        return this.#outputMessages(this.#outputs.generated(frame.generation));
      case "answer-ended":
        return [
          ...(frame.generation <= this.#voicedUpTo ? [{ type: "bot-tts-stopped" } as const] : []),
          { type: "bot-llm-stopped" },
          ...this.#outputMessages(this.#outputs.ended(frame.generation, frame.interrupted)),
        ];
      case "bot-started-speaking":
        return [{ type: frame.type }, ...this.#outputMessages(this.#outputs.heard(frame.generation))];
      case "bot-stopped-speaking":
        return [
          { type: frame.type },
          ...this.#outputMessages(this.#outputs.silent(frame.generation, frame.interrupted)),
        ];
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

  #transcription({ text, at, final }: Extract<Frame, { type: "user-transcript" }>): ServerMessage {
    const timestamp = new Date(at).toISOString();
    return { type: "user-transcription", data: { text, user_id: this.#userId, timestamp, final } };
  }

  /** Clients of protocol 1 know no status: they get each sentence once, when it begins. */
  #outputMessages(outputs: BotOutput[]): ServerMessage[] {
    if (!this.#clientVersion.startsWith("1.")) return outputs.map((data) => ({ type: "bot-output", data }));
    return outputs
      .filter(({ spoken_status }) => spoken_status !== "completed")
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
