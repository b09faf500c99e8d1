import type { ClientMessage, RoomInfo, ServerMessage } from "../signalling-messages.ts";
import { CallError } from "./call-error.ts";

/** How long the emulator may take to answer a question. It is on this machine. */
const ANSWER_WITHIN_MS = 10_000;

export type Joined = Extract<ServerMessage, { type: "joined" }>;
type Welcome = Extract<ServerMessage, { type: "welcome" }>;
export type Resumed = Extract<ServerMessage, { type: "resumed" }>;
type Answer = Welcome | Joined | Resumed;
/** Messages of a running call. */
export type CallMessage = Exclude<ServerMessage, Answer | { type: "ping" | "fatal" }>;

/** None of these while something is asked: then the answer is an error. */
export interface SignallingEvents {
  message(message: CallMessage): void;
  /** The emulator has heard so many messages. Returns how many of its own have been heard. */
  ping(heard: number): number;
  /** The call is over by the emulator's word. */
  fatal(error: CallError): void;
  /** The connection went without a word. */
  lost(): void;
}

interface Question {
  type: Answer["type"];
  resolve(answer: Answer): void;
  reject(error: CallError | SignallingLost): void;
}

/** The socket broke, or gave no answer: nothing that the emulator has decided. */
export class SignallingLost extends Error {
  override readonly name = "SignallingLost";
}

/** One WebSocket to the emulator: some questions (may I enter, may I join), then messages both ways. */
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
    this.#socket.onclose = () => this.#end(new SignallingLost("The connection closed."));
  }

  /** @throws CallError with Daily's type when this token may not enter this room; SignallingLost */
  async hello(room: string, token: string | undefined): Promise<RoomInfo> {
    const hello: ClientMessage = { type: "hello", room, ...(token === undefined ? {} : { token }) };
    const welcome = await this.#ask<Welcome>("welcome", hello);
    return welcome.room;
  }

  /** @throws CallError with Daily's type when the room has filled, closed or gone meanwhile; SignallingLost */
  join(message: Extract<ClientMessage, { type: "join" }>): Promise<Joined> {
    return this.#ask<Joined>("joined", message);
  }

  /** Takes over from a socket that broke. @throws SignallingLost */
  resume(key: string, heard: number): Promise<Resumed> {
    return this.#ask<Resumed>("resumed", { type: "resume", key, heard });
  }

  send(message: ClientMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Nothing is heard after this; an open question is refused. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#question?.reject(new SignallingLost("The call was left."));
    this.#question = null;
    this.#socket.close();
  }

  #ask<A extends Answer>(type: A["type"], message: ClientMessage): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      const late = () => this.#end(new SignallingLost("There was no answer."));
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
      if (this.#closed) this.#question.reject(new SignallingLost("The connection is closed."));
      else void this.#opened.then(() => this.send(message));
    });
  }

  #receive(data: string): void {
    if (this.#closed) return;
    const message = JSON.parse(data) as ServerMessage; // our own server's, of the same build
    switch (message.type) {
      case "ping":
        this.send({ type: "pong", heard: this.#events.ping(message.heard) });
        break;
      case "fatal":
        this.#end(new CallError(message.error.type, { message: message.error.msg }));
        break;
      case "welcome":
      case "joined":
      case "resumed": {
        const question = this.#question;
        this.#question = null;
        if (question?.type === message.type) question.resolve(message);
        break;
      }
      default:
        this.#events.message(message);
    }
  }

  #end(error: CallError | SignallingLost): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    const question = this.#question;
    this.#question = null;
    if (question) question.reject(error);
    else if (error instanceof CallError) this.#events.fatal(error);
    else this.#events.lost();
  }
}

/** The signalling address that belongs to a bundle: the same host, whatever name it was reached by. */
export function signallingUrl(publicPath: string): string {
  const url = new URL("/signalling", publicPath);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
