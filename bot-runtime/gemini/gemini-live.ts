import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";
import { type AnswerState, type ContentRead, endAnswer, NO_ANSWER, readContent } from "./answers.ts";
import type { LiveConnect, LiveSetup } from "./live-connect.ts";
import { LiveSession } from "./live-session.ts";
import type { GeminiNote, GiveUpReason } from "./note.ts";
import type { ServerContent, ServerMessage } from "./server-message.ts";
import type { LiveSessionOptions } from "./session-options.ts";
import type { ToolEvent } from "./tool-calls.ts";
import { GET_TIME } from "./tools.ts";

export type { GeminiNote } from "./note.ts";

export interface GeminiLiveOptions
  extends Pick<
    LiveSessionOptions,
    | "tools"
    | "conversation"
    | "requests"
    | "manualTurns"
    | "resume"
    | "modelRules"
    | "limits"
    | "random"
    | "off"
  > {
  connect: LiveConnect;
  setup: LiveSetup;
  /** The request for the first words; without it the user has the first word. */
  greeting?: string;
  /** When they are asked for. By default when the client is ready, which is not long after. */
  greetAt?: "connected" | "client-ready";
  onNote(note: GeminiNote): void;
  /** The newest handle to resume with. A credential. */
  onHandle?(handle: string): void;
}

type Usage = Extract<Frame, { type: "usage" }>["usage"];

/** The model: the user's voice goes in, answers come out. Connects when the pipeline starts. */
export class GeminiLive implements Processor {
  readonly name = "GeminiLive";
  readonly #options: GeminiLiveOptions;
  readonly #session: LiveSession;
  #push: Push | undefined;
  /** Over all connections, so that the number of an answer never goes back. */
  #answer: AnswerState = NO_ANSWER;
  #usage: Usage = { promptTokens: 0, responseTokens: 0, totalTokens: 0 };
  /** When the user finished, or something was asked for; until the answer's first audio. Epoch milliseconds. */
  #waitingSince: number | undefined;
  /** Newest answer of which audio has come. */
  #voicedUpTo = 0;

  constructor(options: GeminiLiveOptions) {
    this.#options = options;
    const { connect, setup, greeting, greetAt, onNote, onHandle, tools = [GET_TIME], ...rest } = options;
    this.#session = new LiveSession({
      ...rest,
      connect,
      tools,
      setup: { ...setup, tools: tools.map(({ declaration }) => declaration) },
      events: {
        content: (content) => this.#receive(content),
        answerEnded: (cut) => this.#pushRead(endAnswer(this.#answer, cut)),
        status: (status) => this.#push?.({ type: "assistant-status", status }, "down"),
        tool: (event) => this.#push?.(toolFrame(event), "down"),
        usage: (counts) => this.#addUsage(counts),
        mute: () => this.#push?.({ type: "client-notice", data: { t: "assistant-mute" } }, "down"),
        note: onNote,
        ...(onHandle ? { handle: onHandle } : {}),
        failed: (why) =>
          this.#push?.({ type: "failed", reason: "gemini_failed", detail: detailOf(why) }, "down"),
      },
    });
  }

  start(push: Push): void {
    this.#push = push;
    this.#session.start();
    if (this.#options.greetAt === "connected") this.#greet();
  }

  stop(): void {
    this.#push = undefined;
    this.#session.stop();
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    switch (frame.type) {
      case "input-audio":
        this.#session.addAudio(frame.pcm);
        return;
      case "input-audio-paused":
        this.#session.pauseAudio();
        return;
      case "turn-mode":
        this.#session.setManualTurns(frame.mode === "manual");
        return;
      case "turn-started":
        this.#waitingSince = undefined;
        this.#session.startTurn();
        return;
      case "turn-ended":
        this.#waitingSince = Date.now();
        this.#session.endTurn();
        return;
      case "user-message":
        if (frame.respond) this.#waitingSince = Date.now();
        this.#session.tell(frame.text, { respond: frame.respond });
        return;
      case "say":
        this.#ask(frame.request);
        return;
      case "client-ready":
        if (frame.first && this.#options.greetAt !== "connected") this.#greet();
        break;
      case "user-started-speaking":
        this.#waitingSince = undefined;
        this.#session.userStarted();
        break;
      case "user-stopped-speaking":
        this.#waitingSince = Date.now();
        this.#session.userStopped();
        break;
    }
    push(frame, direction);
  }

  #greet(): void {
    if (this.#options.greeting) this.#ask(this.#options.greeting);
  }

  #ask(request: string): void {
    this.#waitingSince = Date.now();
    this.#session.tell(request, { respond: true });
  }

  #receive(content: ServerContent): void {
    this.#pushRead(readContent(this.#answer, content, Date.now()));
  }

  #pushRead({ state, frames, unusable }: ContentRead): void {
    this.#answer = state;
    for (const detail of unusable) this.#options.onNote({ kind: "unusable", detail });
    for (const { frame, direction } of frames) {
      if (frame.type === "answer-audio") this.#measureFirstAudio(frame.generation);
      this.#push?.(frame, direction);
    }
  }

  /** More of an answer that was under way before the user spoke is no answer to that. */
  #measureFirstAudio(generation: number): void {
    if (generation <= this.#voicedUpTo) return;
    this.#voicedUpTo = generation;
    if (this.#waitingSince === undefined) return;
    const ttfbMs = Date.now() - this.#waitingSince;
    this.#waitingSince = undefined;
    this.#push?.({ type: "first-audio", processor: this.name, ttfbMs }, "down");
  }

  /** Each connection counts for itself, and each turn of it. */
  #addUsage(counts: NonNullable<ServerMessage["usageMetadata"]>): void {
    this.#usage = {
      promptTokens: this.#usage.promptTokens + Math.round(counts.promptTokenCount ?? 0),
      responseTokens: this.#usage.responseTokens + Math.round(counts.responseTokenCount ?? 0),
      totalTokens: this.#usage.totalTokens + Math.round(counts.totalTokenCount ?? 0),
    };
    this.#push?.({ type: "usage", usage: this.#usage }, "down");
  }
}

function toolFrame(event: ToolEvent): Frame {
  const { id, name } = event;
  switch (event.kind) {
    case "started":
      return { type: "tool-started", id, name, args: event.args };
    case "ended":
      return { type: "tool-ended", id, name, result: event.result };
    case "cancelled":
      return { type: "tool-cancelled", id, name };
  }
}

/** What the client is told names no insides: the notes have them. */
function detailOf(why: GiveUpReason): string {
  switch (why) {
    case "bad-key":
    case "unknown-model":
    case "bad-setup":
      return "The assistant is not set up correctly.";
    case "quota":
      return "The assistant has no capacity left.";
    case "unreachable":
    case "unstable":
      return "The assistant could not be reached.";
  }
}
