import type { Readable, Writable } from "node:stream";
import type { ProtocolMapping } from "devtools-protocol/types/protocol-mapping.js";

type Commands = ProtocolMapping.Commands;
type Events = ProtocolMapping.Events;

/** How long the browser may take to answer a command; also the first, when a loaded machine starts it. */
const COMMAND_MAX_MS = 10_000;
/** Largest message: ours are small, so what is larger is a fault and not to be collected. */
const MAX_MESSAGE_BYTES = 8 << 20;
const SEPARATOR = 0;

export interface CdpEvent<Name extends keyof Events = keyof Events> {
  method: Name;
  params: Events[Name][0];
  sessionId: string | undefined;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** What comes over the pipe, as far as we look at it. The rest has the shapes of the protocol's definition. */
interface Incoming {
  id?: number;
  method?: string;
  params?: unknown;
  sessionId?: string;
  result?: unknown;
  error?: { code: number; message: string };
}

/**
 * The Chrome DevTools Protocol over a pipe: JSON messages, each ended by a zero byte. Only what we ask for is
 * sent by the browser, and we do not ask for network events: they cost more than a call does.
 */
export class CdpConnection {
  readonly #input: Writable;
  readonly #output: Readable;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: CdpEvent) => void>();
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #lastId = 0;
  #closed: Error | undefined;
  readonly #ending = Promise.withResolvers<void>();

  /** @param input what the browser reads (its fd 3) @param output what it writes (its fd 4) */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    this.#output = output;
    output.on("data", (chunk: Buffer) => this.#collect(chunk));
    output.once("close", () => this.close(new Error("The browser closed its pipe")));
    output.on("error", (error) => this.close(error));
    input.on("error", (error) => this.close(error));
  }

  /** Resolves when it is closed, by whichever side. */
  get ended(): Promise<void> {
    return this.#ending.promise;
  }

  /** Hears every event. Returns how to stop that. */
  listen(listener: (event: CdpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws Error when the browser refuses, does not answer in time, or is gone */
  send<Method extends keyof Commands>(
    method: Method,
    params: Commands[Method]["paramsType"][0],
    sessionId?: string,
  ): Promise<Commands[Method]["returnType"]> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = ++this.#lastId;
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`The browser did not answer ${method} within ${COMMAND_MAX_MS} ms`));
      }, COMMAND_MAX_MS);
      this.#pending.set(id, { resolve, reject, timer });
    });
  }

  /** Every open command fails with `reason`. Idempotent. */
  close(reason = new Error("The connection to the browser was closed")): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#ending.resolve();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    this.#pending.clear();
    this.#listeners.clear();
    this.#input.destroy();
    this.#output.destroy();
  }

  #collect(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(SEPARATOR); end >= 0; end = chunk.indexOf(SEPARATOR, start)) {
      this.#parts.push(chunk.subarray(start, end));
      const message = Buffer.concat(this.#parts).toString("utf8");
      this.#parts = [];
      this.#partsBytes = 0;
      this.#receive(message);
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    if (rest.length > 0) this.#parts.push(rest);
    this.#partsBytes += rest.length;
    if (this.#partsBytes > MAX_MESSAGE_BYTES) this.close(new Error("The browser sent too large a message"));
  }

  #receive(text: string): void {
    let message: Incoming;
    try {
      // The browser's own output: its shape is the protocol's, which the types are generated from.
      message = JSON.parse(text) as Incoming;
    } catch (cause) {
      this.close(new Error("The browser sent what is not JSON", { cause }));
      return;
    }
    if (message.id !== undefined) {
      this.#settle(message.id, message);
      return;
    }
    const event = {
      method: message.method,
      params: message.params,
      sessionId: message.sessionId,
    } as CdpEvent;
    for (const listener of this.#listeners) listener(event);
  }

  #settle(id: number, { result, error }: Incoming): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (error) pending.reject(new Error(`The browser refused: ${error.message}`));
    else pending.resolve(result);
  }
}
