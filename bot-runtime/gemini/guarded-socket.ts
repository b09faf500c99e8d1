import { type RawData, WebSocket } from "ws";
import { describeFieldErrors, fieldErrors } from "../../protocol/parse.ts";
import { ServerMessage } from "./server-message.ts";

/** Far above any message of Gemini's (a chunk of audio is 16 kB); what is larger closes the connection. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** What the SDK wants to be told by the socket that it asked for. Its own types for them are `any`. */
export interface SdkCallbacks {
  onopen(): void;
  onmessage(event: { data: string }): void;
  onerror(event: { message: string }): void;
  onclose(event: { code: number; reason: string }): void;
}

export interface SocketEvents {
  message(message: ServerMessage): void;
  malformed(detail: string): void;
  closed(code: number, reason: string): void;
}

export interface SocketOptions {
  url: string;
  headers: Record<string, string>;
  callbacks: SdkCallbacks;
  events: SocketEvents;
}

/**
 * The socket that we hand to the SDK in place of its own, which cannot be reached from outside and parses frames
 * in an async function that nobody awaits: one malformed frame there is an unhandled rejection, the end of the
 * process and of all its calls. This one parses by itself, in order of arrival, and passes on to the SDK no more
 * than the `setupComplete` for which its `connect` waits.
 */
export class GuardedSocket {
  readonly #options: SocketOptions;
  #socket: WebSocket | undefined;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  /** Called by the SDK. */
  connect(): void {
    const { url, headers, callbacks, events } = this.#options;
    // Compression costs more than the rest of a session together, for base64 of audio that does not compress.
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
    this.#socket = socket;
    socket.on("open", () => callbacks.onopen());
    socket.on("message", (data: RawData) => this.#receive(data));
    socket.on("error", (error) => callbacks.onerror({ message: error.message }));
    socket.on("close", (code, reason) => {
      callbacks.onclose({ code, reason: reason.toString() });
      events.closed(code, reason.toString());
    });
  }

  /** Called by the SDK. */
  send(message: string): void {
    this.#socket?.send(message);
  }

  /** Called by the SDK when setup fails; also ours. No closing handshake: see `LiveConnection.close`. */
  close(): void {
    this.#socket?.terminate();
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  #receive(data: RawData): void {
    const { callbacks, events } = this.#options;
    const message = parse(data.toString());
    if (typeof message === "string") {
      events.malformed(message);
      return;
    }
    if (message.setupComplete) callbacks.onmessage({ data: SETUP_COMPLETE });
    events.message(message);
  }
}

const SETUP_COMPLETE = JSON.stringify({ setupComplete: {} });

/** The message, or what is wrong with it. */
function parse(text: string): ServerMessage | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  const result = ServerMessage.safeParse(json);
  return result.success ? result.data : describeFieldErrors(fieldErrors(result.error));
}
