import type { RawData, WebSocket } from "ws";
import { parseClientMessage } from "./core/client-message.ts";
import { type Close, Closes } from "./core/closes.ts";
import { LiveSession, type LiveSessionOptions } from "./core/live-session.ts";
import { encodeServerMessage } from "./core/server-message.ts";
import type { SessionFault } from "./faults.ts";
import type { Log } from "./log-events.ts";

/** What a client may leave unread before it is cut off: several of the longest answers. */
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;
/** Faults that wait for their time on one connection; more are refused. */
const MAX_PENDING_FAULTS = 100;
const NOT_JSON = Buffer.from('{"serverContent": {"modelTurn": ');

export interface ConnectionOptions extends Omit<LiveSessionOptions, "send" | "close" | "ready"> {
  socket: WebSocket;
  /** Faults that befall this session after its setup. */
  faults: readonly SessionFault[];
  log: Log;
  /** The socket is closed. */
  ended(): void;
}

/** Whether frames go out or wait, in order, for the end of a freeze. */
type Flow = { kind: "flowing" } | { kind: "frozen"; timer: NodeJS.Timeout; held: (() => void)[] };

/** One client's socket and its session. */
export class Connection {
  readonly session: LiveSession;
  readonly #socket: WebSocket;
  readonly #log: Log;
  readonly #ended: () => void;
  readonly #faultTimers = new Set<NodeJS.Timeout>();
  #flow: Flow = { kind: "flowing" };
  #heldBytes = 0;

  constructor({ socket, faults, log, ended, ...options }: ConnectionOptions) {
    this.#socket = socket;
    this.#log = log;
    this.#ended = ended;
    this.session = new LiveSession({
      ...options,
      send: (message) => this.#send(encodeServerMessage(message)),
      close: (close) => this.#close(close),
      ready: () => {
        const { model, language } = this.session.view();
        log({ event: "session.ready", sessionId: options.id, model, language });
        for (const fault of faults) this.plan(fault);
      },
    });
    socket.on("message", (data) => this.#receive(data));
    socket.on("close", (code, reason) => this.#closed(code, reason.toString()));
    // ws closes the socket itself after an error (a bad frame, one that is too long), which is all that matters here.
    socket.on("error", () => {});
    log({ event: "session.opened", sessionId: options.id });
  }

  /** Lets a fault happen after its `afterMs`. @returns false when too many are waiting */
  plan(fault: SessionFault): boolean {
    if (this.#faultTimers.size >= MAX_PENDING_FAULTS) return false;
    const timer = setTimeout(() => {
      this.#faultTimers.delete(timer);
      this.#apply(fault);
    }, fault.afterMs);
    this.#faultTimers.add(timer);
    return true;
  }

  /** Forgets planned faults and ends a freeze. */
  reset(): void {
    for (const timer of this.#faultTimers) clearTimeout(timer);
    this.#faultTimers.clear();
    this.#thaw();
  }

  /** Closes as Google does when a server goes down. The socket is closed when `ended` is called. */
  shutDown(): void {
    this.reset();
    this.session.close(Closes.shutdown);
  }

  /** Breaks the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData): void {
    // Always one Buffer: the server leaves binaryType at "nodebuffer".
    const parsed = parseClientMessage(data.toString());
    if (parsed.ok) this.session.receive(parsed.value);
    else this.session.close(parsed.close);
  }

  #apply(fault: SessionFault): void {
    this.#log({ event: "fault.applied", sessionId: this.session.id, fault: fault.fault });
    switch (fault.fault) {
      case "close":
        this.session.close({ code: fault.code, reason: fault.reason });
        return;
      case "drop":
        this.#socket.terminate();
        return;
      case "freeze":
        this.#freeze(fault.ms);
        return;
      case "goAway":
        this.session.goAway(fault.timeLeftMs);
        return;
      case "malformed":
        this.#send(NOT_JSON);
        return;
    }
  }

  #send(frame: Buffer): void {
    if (this.#flow.kind === "flowing") {
      this.#socket.send(frame, { binary: true });
    } else {
      this.#heldBytes += frame.length;
      this.#flow.held.push(() => this.#socket.send(frame, { binary: true }));
    }
    if (this.#heldBytes + this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.terminate();
  }

  #close({ code, reason }: Close): void {
    if (this.#flow.kind === "flowing") this.#socket.close(code, reason);
    else this.#flow.held.push(() => this.#socket.close(code, reason));
  }

  #freeze(ms: number): void {
    const held = this.#flow.kind === "frozen" ? this.#flow.held : [];
    if (this.#flow.kind === "frozen") clearTimeout(this.#flow.timer);
    this.#socket.pause();
    this.#flow = { kind: "frozen", held, timer: setTimeout(() => this.#thaw(), ms) };
  }

  #thaw(): void {
    if (this.#flow.kind === "flowing") return;
    const { held, timer } = this.#flow;
    clearTimeout(timer);
    this.#flow = { kind: "flowing" };
    this.#heldBytes = 0;
    for (const action of held) action();
    this.#socket.resume();
  }

  #closed(code: number, reason: string): void {
    this.reset();
    this.session.gone();
    const { closed, receivedAudioMs, turns } = this.session.view();
    const how = closed ?? { code, reason };
    this.#log({ event: "session.ended", sessionId: this.session.id, ...how, receivedAudioMs, turns });
    this.#ended();
  }
}
