import { z } from "zod";
import { type EventMessage, EventsClose, type Happening } from "../../protocol/events.ts";
import { closeSocket, turnAway } from "./sockets.ts";

/** Of the sockets of watchers, beside the links of bots. */
const TAG = "events";

/** At a time: a few screens of one person, and the console. */
export const MAX_WATCHERS = 8;

/**
 * What one connection is sent before it has to come back. The platform does not say how much of it is still under way, so
 * this is what a watcher that does not read can make us hold. An hour of talk stays below it.
 */
export const MAX_SENT_CHARS = 500_000;

/** What a socket carries through hibernation: how many characters it was sent. */
const Attachment = z.object({ sent: z.int().nonnegative() });

/** The sockets of those who watch a session. They hibernate as links do. */
export class EventSockets {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** By what it carries: once both sides have closed a socket, the platform throws at the question for its tags. */
  has(socket: WebSocket): boolean {
    return Attachment.safeParse(socket.deserializeAttachment()).success;
  }

  /** Takes a watcher, and tells it what it does not know yet. Answers the upgrade. */
  accept(known: Iterable<EventMessage>): Response {
    if (this.#open().length >= MAX_WATCHERS) return turnAway(EventsClose.crowded, "too many watchers");
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [TAG]);
    carry(server, 0);
    send(server, known);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** One that breaks as it is told has to come back: it must not keep the session from what else follows. */
  tell(happenings: readonly Happening[]): void {
    if (happenings.length === 0) return;
    for (const socket of this.#open()) {
      try {
        send(socket, happenings);
      } catch {
        closeSocket(socket, EventsClose.continue, "come back for the rest");
      }
    }
  }

  closeAll(code: number): void {
    for (const socket of this.#open()) closeSocket(socket, code, "the session has ended");
  }

  /** A watcher has nothing to say. */
  refuseMessage(socket: WebSocket): void {
    closeSocket(socket, EventsClose.unexpected, "nothing can be said here");
  }

  #open(): WebSocket[] {
    return this.#ctx.getWebSockets(TAG).filter(({ readyState }) => readyState === WebSocket.OPEN);
  }
}

function send(socket: WebSocket, messages: Iterable<EventMessage>): void {
  const carried = Attachment.safeParse(socket.deserializeAttachment());
  let sent = carried.success ? carried.data.sent : 0;
  for (const message of messages) {
    const text = JSON.stringify(message);
    socket.send(text);
    sent += text.length;
    if (sent >= MAX_SENT_CHARS) {
      closeSocket(socket, EventsClose.continue, "come back for the rest");
      return;
    }
  }
  carry(socket, sent);
}

function carry(socket: WebSocket, sent: number): void {
  socket.serializeAttachment({ sent } satisfies z.input<typeof Attachment>);
}
