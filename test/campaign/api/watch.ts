import { EventMessage } from "../../../protocol/events.ts";

export interface Watched {
  messages: EventMessage[];
  /** With which the service closed. */
  code: number;
}

/** Longer than any session of the campaign has to say, and than workerd takes to end a connection that is closed. */
const WATCH_TIMEOUT_MS = 30_000;

/**
 * Watches a session's events as a page does, with the platform's own WebSocket, until the service closes.
 * @param onFirst called at the first event
 * @throws Error when that does not happen in time, or a message is no event
 */
export async function watch(url: string, onFirst: () => Promise<void>): Promise<Watched> {
  const messages: EventMessage[] = [];
  const closed = Promise.withResolvers<number>();
  const socket = new WebSocket(url);
  const fail = (error: unknown) => {
    closed.reject(error);
    socket.close();
  };
  const timer = setTimeout(() => fail(new Error("the service did not close the events")), WATCH_TIMEOUT_MS);
  socket.addEventListener("close", ({ code }) => closed.resolve(code));
  socket.addEventListener("message", ({ data }) => {
    try {
      messages.push(EventMessage.parse(JSON.parse(String(data))));
      if (messages.length === 1) onFirst().catch(fail);
    } catch (error) {
      fail(error);
    }
  });
  try {
    return { messages, code: await closed.promise };
  } finally {
    clearTimeout(timer);
  }
}
