import { type ClientOptions, WebSocket } from "ws";
import { EventMessage } from "../../../protocol/events.ts";

export interface Watched {
  messages: EventMessage[];
  /** With which the service closed. */
  code: number;
}

/** Longer than any session of the campaign has to say. */
const WATCH_TIMEOUT_MS = 30_000;
/**
 * How long the end of the connection is waited for once the close is agreed on. Browsers wait 2 s as well: workerd on its
 * own ends it only when the session's object has been left alone for 15 s.
 */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Watches a session's events as a page does, until the service closes.
 * @param onFirst called at the first event
 * @throws Error when that does not happen in time, or a message is no event
 */
export async function watch(url: string, onFirst: () => Promise<void>): Promise<Watched> {
  const messages: EventMessage[] = [];
  const closed = Promise.withResolvers<number>();
  // Its types do not know it yet.
  const options: ClientOptions & { closeTimeout: number } = { closeTimeout: CLOSE_TIMEOUT_MS };
  const socket = new WebSocket(url, options);
  const fail = (error: unknown) => {
    closed.reject(error);
    socket.terminate();
  };
  const timer = setTimeout(() => {
    const last = JSON.stringify(messages.at(-1));
    fail(new Error(`the service did not close the events; the last of them is ${last}`));
  }, WATCH_TIMEOUT_MS);
  socket.on("error", fail);
  socket.on("close", (code) => closed.resolve(code));
  socket.on("message", (data) => {
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
