import type { WebSocket } from "ws";
import type { Tab } from "../../../bot-runtime/room/browser.ts";

/** Newest events that are kept. A benchmark looks at them as they come, or takes them away. */
const MAX_EVENTS = 20_000;

interface Reply<Event> {
  id?: number;
  result?: unknown;
  error?: string;
  event?: Event;
}

type Returned<Method> = Method extends (...args: never[]) => infer Result ? Awaited<Result> : never;
type Arguments<Method> = Method extends (...args: infer Args) => unknown ? Args : never;

interface Waiting<Event> {
  wanted(event: Event): boolean;
  resolve(event: Event): void;
}

/** A page that offers `Api` by `serve` and tells `Event`s. */
export class BenchPage<Api, Event> implements AsyncDisposable {
  /** The newest ones, in the order in which they came. */
  readonly events: Event[] = [];
  readonly #socket: WebSocket;
  readonly #tab: Tab;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #waiting = new Set<Waiting<Event>>();
  #lastId = 0;

  constructor({ socket, tab }: { socket: WebSocket; tab: Tab }) {
    this.#socket = socket;
    this.#tab = tab;
    socket.on("message", (data) => {
      // The other end is our own, which types both.
      const { id, result, error, event } = JSON.parse(String(data)) as Reply<Event>;
      if (event !== undefined) return this.#take(event);
      const call = this.#calls.get(id ?? -1);
      this.#calls.delete(id ?? -1);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(`The page says: ${error}`));
    });
    socket.on("close", () => {
      for (const { reject } of this.#calls.values()) reject(new Error("The page is gone"));
      this.#calls.clear();
    });
    socket.on("error", () => socket.terminate());
  }

  /** Calls a method in the page and returns what it resolves with. */
  async call<Name extends keyof Api & string>(
    method: Name,
    ...args: Arguments<Api[Name]>
  ): Promise<Returned<Api[Name]>> {
    this.#lastId += 1;
    const call = Promise.withResolvers<unknown>();
    this.#calls.set(this.#lastId, call);
    this.#socket.send(JSON.stringify({ id: this.#lastId, method, args }));
    // What `serve` sent is what the method of that type returned.
    return (await call.promise) as Returned<Api[Name]>;
  }

  /** The next event that is wanted. @throws Error when none comes in time */
  async next<Wanted extends Event>(
    wanted: (event: Event) => event is Wanted,
    withinMs: number,
    what: string,
  ): Promise<Wanted> {
    const { promise, resolve, reject } = Promise.withResolvers<Wanted>();
    const waiting: Waiting<Event> = { wanted, resolve: (event) => wanted(event) && resolve(event) };
    this.#waiting.add(waiting);
    const late = setTimeout(() => reject(new Error(`The page did not tell of ${what} in time`)), withinMs);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(waiting);
    }
  }

  /** Closes the tab, whatever runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tab.close();
    this.#socket.terminate();
  }

  #take(event: Event): void {
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.shift();
    for (const waiting of this.#waiting) if (waiting.wanted(event)) waiting.resolve(event);
  }
}
