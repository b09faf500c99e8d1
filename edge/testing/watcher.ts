import { vi } from "vitest";
import { EVENTS_AFTER, type EventMessage, EventMessage as Message } from "../../protocol/events.ts";
import { withSettings } from "./edge-client.ts";
import { PATIENCE } from "./patience.ts";

/** One who watches a session. */
export class Watcher {
  readonly messages: EventMessage[] = [];
  /** Texts that are no event, such as the answer to a ping. */
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      if (text.startsWith("{")) this.messages.push(parseStrictly(text));
      else this.texts.push(text);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  send(text: string | ArrayBuffer): void {
    this.#socket.send(text);
  }

  close(): void {
    this.#socket.close(1000, "the test is done");
  }

  /** The numbers of all events so far. */
  seqs(): number[] {
    return this.messages.map(({ seq }) => seq);
  }

  async until(count: number): Promise<EventMessage[]> {
    return vi.waitUntil(() => this.messages.length >= count && this.messages, PATIENCE);
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    return vi.waitUntil(() => this.closed, PATIENCE);
  }
}

/** An event that says more than its schema would be a leak. */
function parseStrictly(text: string): EventMessage {
  const value: unknown = JSON.parse(text);
  const message = Message.parse(value);
  if (JSON.stringify(sorted(message)) !== JSON.stringify(sorted(value)))
    throw new Error(`more than an event: ${text}`);
  return message;
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([name, field]) => [name, sorted(field)])
    .sort();
}

/** The upgrade as a browser asks for it: with the address alone. */
export function askForEvents(
  wsEndpoint: string,
  { after, headers = {} }: { after?: number | string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { pathname, search } = new URL(wsEndpoint);
  const more = after === undefined ? "" : `&${EVENTS_AFTER}=${after}`;
  return withSettings({}, `${pathname}${search}${more}`, { headers: { upgrade: "websocket", ...headers } });
}

export async function watch(wsEndpoint: string, after?: number): Promise<Watcher> {
  const response = await askForEvents(wsEndpoint, after === undefined ? {} : { after });
  if (!response.webSocket) throw new Error(`the upgrade was answered ${response.status}`);
  return new Watcher(response.webSocket);
}
