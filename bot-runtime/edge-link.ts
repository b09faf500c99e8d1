import { type RawData, WebSocket } from "ws";
import {
  type BotReport,
  LINK_PING,
  LINK_PING_EVERY_MS,
  LINK_PONG,
  LinkClose,
  LinkCommand,
  type LinkReport,
  MAX_COMMAND_BYTES,
} from "../protocol/link.ts";
import type { Log } from "../protocol/log.ts";
import { describeFieldErrors, fieldErrors } from "../protocol/parse.ts";
import type { SessionLogEvent } from "./log-events.ts";

const HANDSHAKE_TIMEOUT_MS = 5_000;
/** A ping unanswered for so long means a dead connection: TCP alone would take minutes to notice. */
const PONG_WITHIN_MS = 10_000;
const FIRST_RETRY_MS = 250;
/** The edge gives a link that is gone 3 s before it has another bot take over (`LINK_GRACE_MS`). */
const MAX_RETRY_MS = 2_000;
/** Reports kept for an edge that is away: several minutes of talk. Beyond it the oldest go. */
const MAX_UNACKED = 1_000;
/** How long the last reports may take to be acknowledged when the link is closed. */
const FLUSH_WITHIN_MS = 1_000;
/** How long the closing handshake may take. */
const CLOSE_WITHIN_MS = 500;

/** What has become known since the start signal, for a bot that takes over. */
export type KnownSince = Pick<Extract<LinkCommand, { type: "room-ready" }>, "handle" | "conversation">;

export interface EdgeLinkEvents {
  /** May be said again. */
  roomReady(since?: KnownSince): void;
  /** Another bot is prepared to go on in place of this one. May be said again. */
  handOver(): void;
  /** The edge wants the call to end. */
  stop(reason: Extract<LinkCommand, { type: "stop" }>["reason"]): void;
  /**
   * This bot's attempt or session is over at the edge; its call must end at once. The link does not come back, and takes
   * no report any more.
   */
  fenced(): void;
}

export interface EdgeLinkOptions {
  url: string;
  token: string;
  events: EdgeLinkEvents;
  log: Log<SessionLogEvent>;
  /** 0 to 1; spreads reconnections, since a deploy of the edge cuts all links at once. */
  random?: () => number;
}

/** What a bot needs of its link. */
export interface EdgeLink {
  report(report: BotReport): void;
  /** Waits a moment for the last acknowledgements, then closes. Idempotent. */
  close(): Promise<void>;
}

type State =
  | { kind: "connecting"; socket: WebSocket }
  | { kind: "open"; socket: WebSocket; ping: NodeJS.Timeout; pong: NodeJS.Timeout | undefined }
  | { kind: "retrying"; timer: NodeJS.Timeout }
  | { kind: "closed" };

const FENCED_CODES: readonly number[] = Object.values(LinkClose);

/** The link of one bot. Losing it is not losing the call: it comes back by itself and sends again what was not heard. */
export class WebSocketEdgeLink implements EdgeLink {
  readonly #options: EdgeLinkOptions;
  #unacked: LinkReport[] = [];
  readonly #random: () => number;
  #state: State;
  #seq = 0;
  #failures = 0;
  #flushed: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: EdgeLinkOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#state = this.#connect();
  }

  report(report: BotReport): void {
    if (this.#state.kind === "closed") return;
    this.#seq += 1;
    const message: LinkReport = { type: "report", seq: this.#seq, report };
    if (report.kind === "handle") this.#forgetHandles();
    this.#unacked.push(message);
    if (this.#unacked.length > MAX_UNACKED) {
      this.#unacked.shift();
      this.#options.log({ event: "link.reports_dropped", level: "warn", count: 1 });
    }
    if (this.#state.kind === "open") this.#state.socket.send(JSON.stringify(message));
  }

  close(): Promise<void> {
    this.#closing ??= this.#flush().then(() => this.#shut());
    return this.#closing;
  }

  /** Only the newest is of use, and one may be as long as a thousand other reports. */
  #forgetHandles(): void {
    this.#unacked = this.#unacked.filter(({ report }) => report.kind !== "handle");
  }

  async #flush(): Promise<void> {
    if (this.#unacked.length === 0 || this.#state.kind === "closed") return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FLUSH_WITHIN_MS);
    this.#flushed = resolve;
    await promise;
    clearTimeout(timer);
  }

  #connect(): State {
    const { url, token, log } = this.#options;
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_COMMAND_BYTES,
      perMessageDeflate: false,
    });
    socket.on("open", () => this.#opened(socket));
    socket.on("message", (data) => this.#receive(data));
    socket.on("unexpected-response", (_request, response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      log({ event: "link.refused", level: "warn", status });
      socket.terminate();
    });
    // Every error is followed by `close`, which deals with it. The error itself may quote headers.
    socket.on("error", () => {});
    socket.on("close", (code) => this.#lost(code));
    return { kind: "connecting", socket };
  }

  #opened(socket: WebSocket): void {
    if (this.#state.kind !== "connecting") return;
    this.#state = {
      kind: "open",
      socket,
      ping: setInterval(() => this.#ping(), LINK_PING_EVERY_MS),
      pong: undefined,
    };
    this.#options.log({ event: "link.connected", resent: this.#unacked.length });
    for (const message of this.#unacked) socket.send(JSON.stringify(message));
  }

  #ping(): void {
    const state = this.#state;
    if (state.kind !== "open") return;
    state.socket.send(LINK_PING);
    state.pong ??= setTimeout(() => {
      this.#options.log({ event: "link.silent", level: "warn" });
      state.socket.terminate();
    }, PONG_WITHIN_MS);
  }

  #receive(data: RawData): void {
    const state = this.#state;
    if (state.kind !== "open") return;
    // Whatever the edge says proves that it is there.
    this.#failures = 0;
    clearTimeout(state.pong);
    state.pong = undefined;
    const text = data.toString();
    if (text === LINK_PONG) return;
    const command = readCommand(text);
    if (typeof command === "string") {
      this.#options.log({ event: "link.unreadable_command", level: "warn", detail: command });
      return;
    }
    switch (command.type) {
      case "ack":
        this.#acknowledge(command.seq);
        return;
      case "room-ready": {
        const { type: _, ...since } = command;
        this.#options.events.roomReady(since);
        return;
      }
      case "hand-over":
        this.#options.events.handOver();
        return;
      case "stop":
        this.#options.events.stop(command.reason);
    }
  }

  #acknowledge(seq: number): void {
    while (this.#unacked[0] && this.#unacked[0].seq <= seq) this.#unacked.shift();
    if (this.#unacked.length === 0) this.#flushed?.();
  }

  #lost(code: number): void {
    if (this.#state.kind === "closed") return;
    this.#stopTimers();
    if (FENCED_CODES.includes(code)) {
      this.#fence(code);
      return;
    }
    this.#options.log({ event: "link.lost", level: "warn", code });
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS) * (0.5 + this.#random() / 2);
    this.#failures += 1;
    const timer = setTimeout(() => {
      this.#state = this.#connect();
    }, delayMs);
    this.#state = { kind: "retrying", timer };
  }

  #fence(code: number): void {
    if (this.#state.kind === "closed") return;
    this.#options.log({ event: "link.fenced", code });
    void this.#shut();
    this.#options.events.fenced();
  }

  /** Resolves when the socket is gone. */
  #shut(): Promise<void> {
    const state = this.#state;
    this.#stopTimers();
    this.#state = { kind: "closed" };
    this.#flushed?.();
    if (state.kind !== "open" && state.kind !== "connecting") return Promise.resolve();
    const { socket } = state;
    if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      // A peer that does not answer the closing handshake is left behind after a moment.
      const impatience = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
      socket.once("close", () => {
        clearTimeout(impatience);
        resolve();
      });
      if (state.kind === "open") socket.close(1000);
      else socket.terminate();
    });
  }

  #stopTimers(): void {
    const state = this.#state;
    if (state.kind === "retrying") clearTimeout(state.timer);
    if (state.kind !== "open") return;
    clearInterval(state.ping);
    clearTimeout(state.pong);
  }
}

/** The command, or what is wrong with it. */
function readCommand(text: string): LinkCommand | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  const result = LinkCommand.safeParse(json);
  return result.success ? result.data : describeFieldErrors(fieldErrors(result.error));
}
