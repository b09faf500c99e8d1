import type { RawData, WebSocket } from "ws";
import { parseServerMessage, type ServerMessage } from "./server-message.ts";

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
  pong(): void;
  /** The handshake was answered with this HTTP status; `closed` follows. */
  refused(status: number): void;
  closed(code: number, reason: string): void;
}

/** What is used of a `ws` WebSocket. */
export type RawSocket = Pick<
  WebSocket,
  "on" | "send" | "ping" | "close" | "terminate" | "bufferedAmount" | "readyState"
>;

export type SocketFactory = (url: string, headers: Record<string, string>) => RawSocket;

export interface SocketOptions {
  open(): RawSocket;
  callbacks: SdkCallbacks;
  events: SocketEvents;
}

/** `readyState` of an open WebSocket. */
const OPEN = 1;

/**
 * The socket that we hand to the SDK in place of its own, which cannot be reached from outside and parses frames
 * in an async function that nobody awaits: one malformed frame there is an unhandled rejection, the end of the
 * process and of all its calls. This one parses by itself, in order of arrival, and passes on to the SDK no more
 * than the `setupComplete` for which its `connect` waits.
 */
export class GuardedSocket {
  readonly #options: SocketOptions;
  #socket: RawSocket | undefined;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  /** Called by the SDK. */
  connect(): void {
    const { open, callbacks, events } = this.#options;
    const socket = open();
    this.#socket = socket;
    socket.on("open", () => callbacks.onopen());
    socket.on("message", (data: RawData) => this.#receive(data));
    socket.on("pong", () => events.pong());
    socket.on("unexpected-response", (_request, response) => {
      events.refused(response.statusCode ?? 0);
      // With a listener, ws leaves the rest to us.
      socket.terminate();
    });
    socket.on("error", (error) => callbacks.onerror({ message: error.message }));
    socket.on("close", (code, reason) => {
      callbacks.onclose({ code, reason: reason.toString() });
      events.closed(code, reason.toString());
    });
  }

  /** Called by the SDK. What is said to a closed socket is gone: `LiveConnection` says nothing then. */
  send(message: string): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(message);
  }

  /** Called by the SDK when setup fails; also ours. No closing handshake: see `LiveConnection.close`. */
  close(): void {
    this.#socket?.terminate();
  }

  ping(): void {
    if (this.#socket?.readyState === OPEN) this.#socket.ping();
  }

  /** With a closing handshake; `events.closed` follows when the other side agrees. */
  sayGoodbye(): void {
    this.#socket?.close(1000);
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  #receive(data: RawData): void {
    const { callbacks, events } = this.#options;
    const message = parseServerMessage(data.toString());
    if (typeof message === "string") {
      events.malformed(message);
      return;
    }
    if (message.setupComplete) callbacks.onmessage({ data: SETUP_COMPLETE });
    events.message(message);
  }
}

const SETUP_COMPLETE = JSON.stringify({ setupComplete: {} });
