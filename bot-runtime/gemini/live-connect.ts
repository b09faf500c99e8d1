import type { ServerMessage } from "./server-message.ts";
import type { ToolDeclaration } from "./tools.ts";

/** One connection to Gemini Live. The network is behind it, so that calls can be run in memory on simulated time. */

/** What a conversation is set up with, on each of its connections. */
export interface LiveSetup {
  model: string;
  /** BCP 47, such as `fr-FR`. */
  language: string;
  /** What the user may speak, for the transcription alone; the `language` when absent. */
  transcriptionCodes?: readonly string[];
  /** One of Gemini's prebuilt voices; Gemini's own choice when absent. */
  voice?: string;
  systemInstruction: string;
  tools?: readonly ToolDeclaration[];
  /** For the bill; Vertex alone takes them. */
  labels?: Readonly<Record<string, string>>;
}

/** What one connection is set up with. */
export interface ConnectionSetup extends LiveSetup {
  /** Of an earlier connection, which this one carries on. A credential. */
  handle?: string;
  /** The turns of the user are told, not found in the audio. */
  manualTurns?: boolean;
  /** What was said before comes as the first content: the models that need to be told so wait for it. */
  initialHistory?: boolean;
}

/** How a connection that was live has ended, if not by our `close`. */
export type LiveEnd =
  /** WebSocket close code and reason. Gemini tells its errors so; 1006 is a broken connection. */
  | { kind: "closed"; code: number; reason: string }
  /** The other side takes nothing any more. */
  | { kind: "stalled"; bufferedBytes: number };

/** Callbacks of a connection, in order of arrival, none after `close` or `ended`. */
export interface LiveEvents {
  message(message: ServerMessage): void;
  /** A message was not JSON, or had another shape than it should. It was left out. */
  malformed(detail: string): void;
  /** The answer to a `ping`: the other side is there, though it may have nothing to say. */
  pong?(): void;
  ended(end: LiveEnd): void;
}

export interface Turn {
  role: "user" | "model";
  text: string;
}

export interface ToolResult {
  /** Of the call; none where it had none (Vertex). */
  id?: string;
  name: string;
  response: Record<string, unknown>;
}

export interface LiveConnection {
  /**
   * s16 mono at 16 kHz.
   * @returns false when it was left out, because too much is still on its way.
   */
  sendAudio(pcm: Int16Array): boolean;
  /** The microphone is off: what was heard so far may be answered. The next `sendAudio` ends the pause. */
  sendAudioPause(): void;
  /** The user's turn begins, and ends; with `manualTurns` only. */
  sendTurnStart(): void;
  sendTurnEnd(): void;
  /** Turns of the conversation; the model answers them when they are `complete`. */
  sendContent(turns: readonly Turn[], complete: boolean): void;
  /** Text as if it had been spoken, which every model takes at any time and answers. */
  sendRealtimeText(text: string): void;
  sendToolResults(results: readonly ToolResult[]): void;
  /** Asks for a sign of life: `LiveEvents.pong`. */
  ping(): void;
  /**
   * Says goodbye and resolves when the other side has heard it, which a dead one never does: `close` ends the wait.
   * No event comes from here on but handles that were on their way.
   */
  retire(): Promise<void>;
  /** At once, without a closing handshake: a dead peer would hold that up for 30 s. Idempotent. */
  close(): void;
}

/**
 * Opens a connection: resolves when Gemini has accepted the setup.
 * @throws LiveConnectError when it was refused, or not accepted in time, or `signal` was aborted.
 */
export interface LiveConnect {
  (setup: ConnectionSetup, events: LiveEvents, signal: AbortSignal): Promise<LiveConnection>;
  /** It leads to Vertex AI, where some rules differ. */
  readonly vertex?: boolean;
}

/** Why there is no connection. */
export type ConnectFailure =
  /** Before the setup was accepted. */
  | { kind: "closed"; code: number; reason: string }
  /** The handshake was answered with this HTTP status. */
  | { kind: "status"; status: number }
  /** Nothing came in time. */
  | { kind: "deadline" }
  /** Neither: the network, our own credentials, our own setup. */
  | { kind: "other" }
  | { kind: "aborted" };

export class LiveConnectError extends Error {
  override readonly name = "LiveConnectError";
  readonly failure: ConnectFailure;

  /** @param detail for people; holds no key */
  constructor(failure: ConnectFailure, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.failure = failure;
  }
}
