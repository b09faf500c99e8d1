import type { Usage } from "../../protocol/session.ts";
import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";
import { type AnswerState, NO_ANSWER, readContent } from "./answers.ts";
import { AudioUplink } from "./audio-uplink.ts";
import { greetingRequest } from "./instruction.ts";
import {
  type LiveConnect,
  LiveConnectError,
  type LiveConnection,
  type LiveEnd,
  type LiveSetup,
} from "./live-connect.ts";
import { durationMs, type ServerMessage } from "./server-message.ts";

/** What happens on this leg that no frame tells. */
export type GeminiNote =
  | { kind: "connected"; connectMs: number }
  | { kind: "connect-failed"; why: LiveConnectError["kind"] | "internal"; detail: string }
  | { kind: "ended"; end: LiveEnd }
  | { kind: "malformed"; detail: string }
  | { kind: "unusable"; detail: string }
  | { kind: "go-away"; timeLeftMs: number | undefined }
  | { kind: "tool-call" }
  /** How many chunks of 40 ms of the user's voice Gemini was not sent, over the whole session. */
  | { kind: "audio-left-out"; chunks: number };

export interface GeminiLiveOptions {
  connect: LiveConnect;
  setup: LiveSetup;
  onNote(note: GeminiNote): void;
}

type State =
  | { kind: "new" }
  /** `greet`: a client is ready and waits for the first words. `muted`: its microphone is off again. */
  | { kind: "connecting"; abort: AbortController; greet: boolean; muted: boolean }
  | { kind: "live"; connection: LiveConnection }
  | { kind: "over" };

/** The model: the user's voice goes in, answers come out. Connects when the pipeline starts. */
export class GeminiLive implements Processor {
  readonly name = "GeminiLive";
  readonly #options: GeminiLiveOptions;
  readonly #uplink = new AudioUplink();
  #state: State = { kind: "new" };
  #push: Push | undefined;
  #answer: AnswerState = NO_ANSWER;
  #usage: Usage = { promptTokens: 0, responseTokens: 0, totalTokens: 0 };
  /** When the user finished, or a greeting was asked for; until the answer's first audio. Epoch milliseconds. */
  #waitingSince: number | undefined;
  /** Newest answer of which audio has come. */
  #voicedUpTo = 0;
  #chunksLeftOut = 0;

  constructor(options: GeminiLiveOptions) {
    this.#options = options;
  }

  start(push: Push): void {
    this.#push = push;
    const abort = new AbortController();
    this.#state = { kind: "connecting", abort, greet: false, muted: false };
    void this.#connect(abort.signal);
  }

  stop(): void {
    this.#push = undefined;
    this.#close();
    if (this.#chunksLeftOut > 0)
      this.#options.onNote({ kind: "audio-left-out", chunks: this.#chunksLeftOut });
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    switch (frame.type) {
      case "input-audio": {
        // Not `+= add(…)`: that reads the count before `add` sends, and sending may raise it.
        const dropped = this.#uplink.add(frame.pcm);
        this.#chunksLeftOut += dropped;
        this.#setMuted(false);
        return;
      }
      case "input-audio-paused": {
        const dropped = this.#uplink.flush();
        this.#chunksLeftOut += dropped;
        this.#setMuted(true);
        return;
      }
      case "client-ready":
        if (frame.first) this.#greet();
        break;
      case "user-started-speaking":
        this.#waitingSince = undefined;
        break;
      case "user-stopped-speaking":
        this.#waitingSince = Date.now();
        break;
    }
    push(frame, direction);
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const startedAt = Date.now();
    const { connect, setup, onNote } = this.#options;
    try {
      const connection = await connect(
        setup,
        {
          message: (message) => this.#receive(message),
          malformed: (detail) => onNote({ kind: "malformed", detail }),
          ended: (end) => this.#ended(end),
        },
        signal,
      );
      if (this.#state.kind !== "connecting") {
        connection.close();
        return;
      }
      const { greet, muted } = this.#state;
      this.#state = { kind: "live", connection };
      onNote({ kind: "connected", connectMs: Date.now() - startedAt });
      this.#uplink.open((chunk) => this.#sendAudio(chunk));
      if (muted) connection.sendAudioPause();
      if (greet) this.#greet();
    } catch (thrown) {
      if (this.#state.kind === "connecting") this.#connectFailed(thrown);
    }
  }

  #connectFailed(thrown: unknown): void {
    this.#close();
    const known = thrown instanceof LiveConnectError;
    this.#options.onNote({
      kind: "connect-failed",
      why: known ? thrown.kind : "internal",
      detail: thrown instanceof Error ? thrown.message : String(thrown),
    });
    this.#fail("The assistant could not be reached.");
  }

  #ended(end: LiveEnd): void {
    if (this.#state.kind === "over") return;
    this.#close();
    this.#options.onNote({ kind: "ended", end });
    this.#fail("The connection to the assistant was lost.");
  }

  /** What the client is told names no insides: the note has them. */
  #fail(detail: string): void {
    this.#push?.({ type: "failed", reason: "gemini_failed", detail }, "down");
  }

  #close(): void {
    const state = this.#state;
    this.#state = { kind: "over" };
    if (state.kind === "connecting") state.abort.abort();
    if (state.kind === "live") state.connection.close();
  }

  #greet(): void {
    if (this.#state.kind === "connecting") this.#state = { ...this.#state, greet: true };
    if (this.#state.kind !== "live") return;
    this.#waitingSince = Date.now();
    this.#state.connection.sendText(greetingRequest(this.#options.setup.language));
  }

  /** Gemini finds the end of a turn in silence, and a muted microphone sends none: it has to be told. */
  #setMuted(muted: boolean): void {
    const state = this.#state;
    if (state.kind === "connecting") {
      // Asked with every frame of sound: nothing is made anew where nothing changes.
      if (state.muted !== muted) this.#state = { ...state, muted };
    } else if (state.kind === "live" && muted) state.connection.sendAudioPause();
  }

  #sendAudio(chunk: Int16Array): void {
    if (this.#state.kind !== "live") return;
    if (!this.#state.connection.sendAudio(chunk)) this.#chunksLeftOut += 1;
  }

  #receive(message: ServerMessage): void {
    const { onNote } = this.#options;
    if (message.serverContent) {
      const { state, frames, unusable } = readContent(this.#answer, message.serverContent, Date.now());
      this.#answer = state;
      for (const detail of unusable) onNote({ kind: "unusable", detail });
      for (const { frame, direction } of frames) {
        if (frame.type === "answer-audio") this.#measureFirstAudio(frame.generation);
        this.#push?.(frame, direction);
      }
    }
    if (message.usageMetadata) this.#addUsage(message.usageMetadata);
    // No tools are declared, so none can be called; were one, the model would wait for it and stay silent.
    if (message.toolCall) onNote({ kind: "tool-call" });
    if (message.goAway) {
      onNote({ kind: "go-away", timeLeftMs: durationMs(message.goAway.timeLeft ?? "") });
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

  #addUsage(counts: NonNullable<ServerMessage["usageMetadata"]>): void {
    this.#usage = {
      promptTokens: this.#usage.promptTokens + Math.round(counts.promptTokenCount ?? 0),
      responseTokens: this.#usage.responseTokens + Math.round(counts.responseTokenCount ?? 0),
      totalTokens: this.#usage.totalTokens + Math.round(counts.totalTokenCount ?? 0),
    };
    this.#push?.({ type: "usage", usage: this.#usage }, "down");
  }
}
