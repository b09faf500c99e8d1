import type { ClientMessage, RoomInfo } from "../signalling-messages.ts";
import { isCounted, Replay } from "../signalling-replay.ts";
import { type CallError, connectionError } from "./call-error.ts";
import {
  type CallMessage,
  type Joined,
  type Resumed,
  SignallingClient,
  SignallingLost,
} from "./signalling-client.ts";

/** Between two attempts to get back. */
const RETRY_EVERY_MS = 500;

export interface SignallingLinkEvents {
  message(message: CallMessage): void;
  /** The signalling of a joined call went away, and came back. The media go on meanwhile. */
  interrupted(): void;
  resumed(): void;
  /** The call is over. Not while something is asked. */
  fatal(error: CallError): void;
}

type State =
  | { at: "entering"; socket: SignallingClient }
  | { at: "joined"; socket: SignallingClient; pass: Joined["resume"] }
  | {
      at: "interrupted";
      pass: Joined["resume"];
      /** In `performance.now()`. */
      untilMs: number;
      attempt: SignallingClient | null;
      timer: number | null;
    }
  | { at: "closed" };

/**
 * The signalling of one call, over as many sockets as it takes: one that breaks after the join is replaced for as
 * long as the emulator keeps the seat.
 */
export class Signalling {
  readonly #url: string;
  readonly #events: SignallingLinkEvents;
  readonly #said = new Replay<ClientMessage>();
  #heard = 0;
  #state: State;

  constructor(url: string, events: SignallingLinkEvents) {
    this.#url = url;
    this.#events = events;
    this.#state = { at: "entering", socket: this.#connect() };
  }

  /** @throws CallError */
  hello(room: string, token: string | undefined): Promise<RoomInfo> {
    return this.#ask((socket) => socket.hello(room, token));
  }

  /** @throws CallError */
  async join(message: Extract<ClientMessage, { type: "join" }>): Promise<Joined> {
    const joined = await this.#ask((socket) => socket.join(message));
    if (this.#state.at === "entering") this.#state = { ...this.#state, at: "joined", pass: joined.resume };
    return joined;
  }

  /** What is said while the signalling is away is said after its return, but for app messages, which are lost. */
  send(message: ClientMessage): void {
    if (isCounted(message)) this.#said.add(message);
    if (this.#state.at === "joined") this.#state.socket.send(message);
  }

  /** Leaves, and hears nothing after it. */
  close(): void {
    const state = this.#state;
    this.#state = { at: "closed" };
    switch (state.at) {
      // The emulator may have answered already: without a word this would be a broken socket, and maybe a ghost.
      case "entering":
      case "joined":
        state.socket.send({ type: "leave" });
        state.socket.close();
        break;
      case "interrupted":
        state.attempt?.send({ type: "leave" });
        state.attempt?.close();
        if (state.timer !== null) clearTimeout(state.timer);
        break;
      case "closed":
        break;
    }
  }

  #connect(): SignallingClient {
    const socket: SignallingClient = new SignallingClient(this.#url, {
      message: (message) => {
        if (isCounted(message)) this.#heard += 1;
        this.#events.message(message);
      },
      ping: (heard) => {
        this.#said.heard(heard);
        return this.#heard;
      },
      fatal: (error) => this.#end(error),
      lost: () => this.#lost(socket),
    });
    return socket;
  }

  async #ask<Answer>(question: (socket: SignallingClient) => Promise<Answer>): Promise<Answer> {
    const state = this.#state;
    try {
      if (state.at !== "entering") throw new SignallingLost("The connection is closed.");
      return await question(state.socket);
    } catch (error) {
      throw error instanceof SignallingLost ? this.#connectionError("join", error) : error;
    }
  }

  #lost(socket: SignallingClient): void {
    const state = this.#state;
    if (state.at === "entering" && state.socket === socket) {
      this.#end(this.#connectionError("join", new SignallingLost("The connection closed.")));
    } else if (state.at === "joined" && state.socket === socket) {
      const { pass } = state;
      const untilMs = performance.now() + pass.withinMs;
      this.#state = { at: "interrupted", pass, untilMs, attempt: null, timer: null };
      this.#events.interrupted();
      void this.#retry();
    }
  }

  async #retry(): Promise<void> {
    const state = this.#state;
    if (state.at !== "interrupted") return;
    const attempt = this.#connect();
    this.#state = { ...state, attempt, timer: null };
    try {
      this.#returned(attempt, await attempt.resume(state.pass.key, this.#heard));
    } catch (error) {
      attempt.close();
      this.#failed(attempt, error);
    }
  }

  #returned(socket: SignallingClient, resumed: Resumed): void {
    const state = this.#state;
    if (state.at !== "interrupted" || state.attempt !== socket) return;
    const missed = resumed.ok ? this.#said.after(resumed.heard) : null;
    if (!missed) {
      this.#giveUp(new SignallingLost("The seat is no longer kept."));
      return;
    }
    this.#state = { at: "joined", socket, pass: state.pass };
    for (const message of missed) socket.send(message);
    this.#events.resumed();
  }

  #failed(socket: SignallingClient, error: unknown): void {
    const state = this.#state;
    if (state.at !== "interrupted" || state.attempt !== socket) return;
    if (!(error instanceof SignallingLost))
      this.#end(error as CallError); // a client throws nothing else
    else if (performance.now() + RETRY_EVERY_MS >= state.untilMs) this.#giveUp(error);
    else {
      const timer = window.setTimeout(() => void this.#retry(), RETRY_EVERY_MS);
      this.#state = { ...state, attempt: null, timer };
    }
  }

  #giveUp(cause: SignallingLost): void {
    this.#end(this.#connectionError("reconnect", cause));
  }

  #end(error: CallError): void {
    if (this.#state.at === "closed") return;
    this.close();
    this.#events.fatal(error);
  }

  #connectionError(on: "join" | "reconnect", cause: SignallingLost): CallError {
    return connectionError(on, { cause, uri: this.#url });
  }
}
