import type { ProtocolMapping } from "devtools-protocol/types/protocol-mapping.js";
import WebSocket from "ws";

type Commands = ProtocolMapping.Commands;
type Events = ProtocolMapping.Events;

/** How long the other side may take to answer; a collection of a large heap is the longest that is asked of it. */
const COMMAND_MAX_MS = 20_000;

/** One who answers commands of the DevTools protocol: a tab, a worker of it, or a Node program. */
export interface CdpTarget {
  /** @throws Error when it refuses, does not answer in time, or is gone */
  send<Method extends keyof Commands>(
    method: Method,
    params?: Commands[Method]["paramsType"][0],
  ): Promise<Commands[Method]["returnType"]>;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** What comes over the socket, as far as we look at it. The rest has the shapes of the protocol's definition. */
interface Incoming {
  id?: number;
  method?: string;
  params?: unknown;
  sessionId?: string;
  result?: unknown;
  error?: { message: string };
}

/** The DevTools protocol over a WebSocket, as Node's inspector and Chromium's debugging port speak it. */
export class CdpSocket implements CdpTarget, Disposable {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(method: string, params: unknown, sessionId: string | undefined) => void>();
  #lastId = 0;

  static async open(url: string): Promise<CdpSocket> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return new CdpSocket(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    // A socket sends text as one Buffer, unless its `binaryType` is changed.
    socket.on("message", (data) => this.#receive(JSON.parse(String(data)) as Incoming));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("The inspected program closed the connection")));
  }

  send<Method extends keyof Commands>(
    method: Method,
    params?: Commands[Method]["paramsType"][0],
  ): Promise<Commands[Method]["returnType"]> {
    return this.#send(method, params, undefined);
  }

  /** The target that a session was opened to, by `Target.attachToTarget` or of itself. */
  target(sessionId: string): CdpTarget {
    return { send: (method, params) => this.#send(method, params, sessionId) };
  }

  /** Hears every event of this name. Returns how to stop that. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (params: Events[Name][0], sessionId: string | undefined) => void,
  ): () => void {
    const hear = (method: string, params: unknown, sessionId: string | undefined) => {
      // The name says which shape of the protocol it has.
      if (method === name) listener(params as Events[Name][0], sessionId);
    };
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  [Symbol.dispose](): void {
    this.#fail(new Error("The connection was closed"));
    this.#socket.close();
  }

  #send<Method extends keyof Commands>(
    method: Method,
    params: Commands[Method]["paramsType"][0] | undefined,
    sessionId: string | undefined,
  ): Promise<Commands[Method]["returnType"]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`${method} was not answered within ${COMMAND_MAX_MS} ms`));
      }, COMMAND_MAX_MS);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }), (error) => {
        if (error) this.#settle(id, { error });
      });
    });
  }

  #receive(message: Incoming): void {
    if (message.id !== undefined) this.#settle(message.id, message);
    else for (const hear of this.#listeners) hear(message.method ?? "", message.params, message.sessionId);
  }

  #settle(id: number, { result, error }: Incoming): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (error) pending.reject(new Error(error.message));
    else pending.resolve(result);
  }

  #fail(error: Error): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id, { error });
  }
}
