import { EventEmitter } from "node:events";
import type { WebSocket } from "ws";
import type { RawSocket } from "../../../bot-runtime/gemini/guarded-socket.ts";

/**
 * Two ends of a WebSocket without a network: what `ws` does, as far as client and emulator use it, on the platform's
 * timers. Everything takes `latencyMs` each way and keeps its order.
 */

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const ABNORMAL = 1006;
const NO_STATUS = 1005;

export interface Wire {
  latencyMs: number;
  /** A frame that is with the server now. */
  toServer(text: string): void;
  /** A frame that is with the client now. */
  toClient(frame: Buffer): void;
  /** The server closes, or breaks off (1006 without a reason). */
  serverClosed(code: number, reason: string): void;
}

/** What happens at the far end, in order; while it is paused, nothing of it. */
class Line {
  readonly #latencyMs: number;
  readonly #held: (() => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  paused = false;
  cut = false;
  /** On its way or held. */
  bytes = 0;

  constructor(latencyMs: number) {
    this.#latencyMs = latencyMs;
  }

  carry(what: () => void, bytes = 0): void {
    this.bytes += bytes;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#arrive(() => {
        this.bytes -= bytes;
        what();
      });
    }, this.#latencyMs);
    this.#timers.add(timer);
  }

  resume(): void {
    this.paused = false;
    while (!this.paused && this.#held.length > 0) this.#held.shift()?.();
  }

  /** Nothing more arrives. */
  end(): void {
    this.cut = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#held.length = 0;
  }

  #arrive(what: () => void): void {
    if (this.cut) return;
    if (this.paused || this.#held.length > 0) this.#held.push(what);
    else what();
  }
}

/** How the server answers a handshake. */
export type Handshake =
  | { kind: "accept"; afterMs: number; serve(socket: WebSocket): void }
  | { kind: "status"; status: number }
  | { kind: "reset" };

class End extends EventEmitter {
  readyState = CONNECTING;
  readonly #out: Line;
  readonly #in: Line;
  peer: End | undefined;
  onFrame: (data: Buffer) => void = () => {};

  constructor(out: Line, incoming: Line) {
    super();
    this.#out = out;
    this.#in = incoming;
  }

  get bufferedAmount(): number {
    return this.#out.bytes;
  }

  send(data: string | Buffer): void {
    if (this.readyState !== OPEN) return;
    const frame = typeof data === "string" ? Buffer.from(data) : data;
    const { peer } = this;
    this.#out.carry(() => {
      if (!peer || peer.readyState === CLOSED) return;
      peer.onFrame(frame);
      peer.emit("message", frame);
    }, frame.length);
  }

  ping(): void {
    if (this.readyState !== OPEN) return;
    const { peer } = this;
    this.#out.carry(() => peer?.pong());
  }

  pong(): void {
    if (this.readyState !== OPEN) return;
    const { peer } = this;
    this.#out.carry(() => {
      if (peer?.readyState === OPEN) peer.emit("pong");
    });
  }

  close(code = NO_STATUS, reason = ""): void {
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSING;
    const { peer } = this;
    this.#out.carry(() => peer?.closedByPeer(code, reason));
  }

  closedByPeer(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    const mine = this.readyState === CLOSING;
    const { peer } = this;
    if (!mine) this.#out.carry(() => peer?.finish(code, reason));
    this.finish(code, reason);
  }

  terminate(): void {
    if (this.readyState === CLOSED) return;
    const wasConnecting = this.readyState === CONNECTING;
    const { peer } = this;
    this.#in.end();
    // What was sent is lost with the connection, but for the word that it is gone.
    this.#out.carry(() => peer?.finish(ABNORMAL, ""));
    queueMicrotask(() => {
      if (wasConnecting)
        this.emit("error", new Error("WebSocket was closed before the connection was established"));
      this.finish(ABNORMAL, "");
    });
  }

  pause(): void {
    this.#in.paused = true;
  }

  resume(): void {
    this.#in.resume();
  }

  finish(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#in.end();
    this.emit("close", code, Buffer.from(reason));
  }
}

/** A client's socket that is being connected. */
export function connectInMemory(wire: Wire, handshake: Handshake): RawSocket {
  const up = new Line(wire.latencyMs);
  const down = new Line(wire.latencyMs);
  const client = new End(up, down);
  const server = new End(down, up);
  client.peer = server;
  server.peer = client;
  server.onFrame = (data) => wire.toServer(data.toString());
  client.onFrame = (data) => wire.toClient(data);
  const serverClose = server.close.bind(server);
  server.close = (code, reason) => {
    if (server.readyState === OPEN) wire.serverClosed(code ?? NO_STATUS, reason ?? "");
    serverClose(code, reason);
  };
  const serverTerminate = server.terminate.bind(server);
  server.terminate = () => {
    if (server.readyState !== CLOSED) wire.serverClosed(ABNORMAL, "");
    serverTerminate();
  };
  const waitMs = 2 * wire.latencyMs + (handshake.kind === "accept" ? handshake.afterMs : 0);
  setTimeout(() => {
    if (client.readyState !== CONNECTING) return;
    switch (handshake.kind) {
      case "status":
        client.emit("unexpected-response", undefined, { statusCode: handshake.status });
        return;
      case "reset":
        client.emit("error", new Error("socket hang up"));
        client.finish(ABNORMAL, "");
        return;
      case "accept":
        client.readyState = OPEN;
        server.readyState = OPEN;
        handshake.serve(server as unknown as WebSocket); // all of it that the emulator uses
        client.emit("open");
    }
  }, waitMs);
  return client as unknown as RawSocket; // all of it that the client uses
}
