import type { ClientMessage, RoomInfo, ServerMessage } from "../signalling-messages.ts";
import type { FatalType } from "./daily-js.ts";

/** How long the emulator may take to answer a hello or a join. It is on this machine. */
const ANSWER_WITHIN_MS = 10_000;

/** Ends a call, or keeps it from beginning. `type` is daily-js's. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly type: FatalType;

  constructor(type: FatalType, message: string) {
    super(message);
    this.type = type;
  }
}

type Joined = Extract<ServerMessage, { type: "joined" }>;
type Welcome = Extract<ServerMessage, { type: "welcome" }>;
type Answer = Welcome | Joined;
/** Messages of a running call. */
export type CallMessage = Exclude<ServerMessage, Answer | { type: "ping" | "fatal" }>;

export interface SignallingEvents {
  message(message: CallMessage): void;
  /** The call is over, by the emulator's word or because the connection went. Not while something is asked. */
  fatal(error: CallError): void;
}

interface Question {
  type: Answer["type"];
  resolve(answer: Answer): void;
  reject(error: CallError): void;
}

/** The WebSocket to the emulator: two questions (may I enter, may I join), then messages both ways. */
export class SignallingClient {
  readonly #socket: WebSocket;
  readonly #events: SignallingEvents;
  readonly #opened: Promise<void>;
  #question: Question | null = null;
  #closed = false;

  constructor(url: string, events: SignallingEvents) {
    this.#events = events;
    this.#socket = new WebSocket(url);
    this.#opened = new Promise((resolve) => {
      this.#socket.onopen = () => resolve();
    });
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = () => this.#fail(new CallError("connection-error", "Signalling was lost."));
  }

  /** @throws CallError with Daily's type when this token may not enter this room. */
  async hello(room: string, token: string | undefined): Promise<RoomInfo> {
    const hello: ClientMessage = { type: "hello", room, ...(token === undefined ? {} : { token }) };
    const welcome = await this.#ask<Welcome>("welcome", hello);
    return welcome.room;
  }

  /** @throws CallError with Daily's type when the room has filled, closed or gone meanwhile. */
  join(message: Extract<ClientMessage, { type: "join" }>): Promise<Joined> {
    return this.#ask<Joined>("joined", message);
  }

  send(message: ClientMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Nothing is heard after this; an open question is refused. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#question?.reject(new CallError("connection-error", "The call was left."));
    this.#question = null;
    this.#socket.close();
  }

  #ask<A extends Answer>(type: A["type"], message: ClientMessage): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      const late = () => this.#fail(new CallError("connection-error", "Signalling does not answer."));
      const timer = setTimeout(late, ANSWER_WITHIN_MS);
      this.#question = {
        type,
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer as A); // #receive matched its type
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      if (this.#closed) this.#question.reject(new CallError("connection-error", "Signalling was lost."));
      else void this.#opened.then(() => this.send(message));
    });
  }

  #receive(data: string): void {
    if (this.#closed) return;
    const message = JSON.parse(data) as ServerMessage; // our own server's, of the same build
    switch (message.type) {
      case "ping":
        this.send({ type: "pong" });
        break;
      case "fatal":
        this.#fail(new CallError(message.error.type, message.error.msg));
        break;
      case "welcome":
      case "joined": {
        const question = this.#question;
        this.#question = null;
        if (question?.type === message.type) question.resolve(message);
        break;
      }
      default:
        this.#events.message(message);
    }
  }

  #fail(error: CallError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    const question = this.#question;
    this.#question = null;
    if (question) question.reject(error);
    else this.#events.fatal(error);
  }
}

/** The signalling address that belongs to a bundle: the same host, whatever name it was reached by. */
export function signallingUrl(publicPath: string): string {
  const url = new URL("/signalling", publicPath);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
