import type { Language } from "../../protocol/languages.ts";
import type { ServerMessage } from "./server-message.ts";

/** What a bot needs of Gemini Live. The network is behind it, so that calls can be run in memory on simulated time. */

/** What one conversation is set up with. */
export interface LiveSetup {
  model: string;
  language: Language;
  /** One of Gemini's prebuilt voices; Gemini's own choice when absent. */
  voice?: string;
  systemInstruction: string;
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
  ended(end: LiveEnd): void;
}

export interface LiveConnection {
  /**
   * s16 mono at 16 kHz.
   * @returns false when it was left out, because too much is still on its way.
   */
  sendAudio(pcm: Int16Array): boolean;
  /** The microphone is off: what was heard so far may be answered. The next `sendAudio` ends the pause. */
  sendAudioPause(): void;
  /** A whole turn of the user as text: the model answers it. */
  sendText(text: string): void;
  /** At once, without a closing handshake: a dead peer would hold that up for 30 s. Idempotent. */
  close(): void;
}

/**
 * Opens a conversation: resolves when Gemini has accepted the setup.
 * @throws LiveConnectError when it was refused, or not accepted in time, or `signal` was aborted.
 */
export type LiveConnect = (
  setup: LiveSetup,
  events: LiveEvents,
  signal: AbortSignal,
) => Promise<LiveConnection>;

export class LiveConnectError extends Error {
  override readonly name = "LiveConnectError";
  readonly kind: "refused" | "deadline" | "aborted";

  constructor(kind: LiveConnectError["kind"], detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.kind = kind;
  }
}
