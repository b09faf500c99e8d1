import { z } from "zod";
import { LINK_PING, LINK_PONG, LinkClose, type LinkCommand, LinkReport } from "../../protocol/link.ts";
import { closeSocket, turnAway } from "./sockets.ts";

/** Of the links of bots, beside the sockets of watchers. */
const TAG = "link";

/** What a socket carries through hibernation. */
const Attachment = z.object({ attempt: z.int(), linkId: z.int() });
export type Attachment = z.output<typeof Attachment>;

/** In characters. A report is a line of talk or a few numbers; a bot that sends more than this is broken. */
const MAX_MESSAGE_CHARS = 65_536;

/** The sockets of a session's bots. They hibernate: an open, silent link costs nothing. */
export class LinkSockets {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    // Without this each ping would wake the object.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(LINK_PING, LINK_PONG));
  }

  /** Takes a bot's socket as the link of its attempt; those before it are closed. Answers the upgrade. */
  accept(attachment: Attachment): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    for (const older of this.#ctx.getWebSockets(TAG)) {
      if (attachmentOf(older)?.attempt !== attachment.attempt) continue;
      closeSocket(older, 1000, "replaced by a newer link");
    }
    this.#ctx.acceptWebSocket(server, [TAG]);
    server.serializeAttachment(attachment);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Answers the upgrade of a bot that must not come back. */
  turnAway(code: number, lastWord?: LinkCommand): Response {
    return turnAway(code, "this session has no place for this bot", lastWord);
  }

  send(linkId: number, command: LinkCommand): void {
    for (const socket of this.#of(linkId)) {
      // A socket may die between our look at it and this line; its close event tells the rest.
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
    }
  }

  close(linkId: number, code: number): void {
    for (const socket of this.#of(linkId))
      closeSocket(socket, code, "this session has no place for this bot");
  }

  closeAll(code: number): void {
    for (const socket of this.#ctx.getWebSockets(TAG)) closeSocket(socket, code, "the session has ended");
  }

  /** Whether the link is still there. A reset of the object, as by a deploy, drops sockets without an event. */
  isOpen(linkId: number): boolean {
    return this.#of(linkId).some((socket) => socket.readyState === WebSocket.OPEN);
  }

  /** When the platform last answered a ping for us, in epoch milliseconds; 0 for never. */
  pingedAt(linkId: number): number {
    const times = this.#of(linkId).map((socket) => this.#ctx.getWebSocketAutoResponseTimestamp(socket));
    return Math.max(0, ...times.map((time) => time?.getTime() ?? 0));
  }

  #of(linkId: number): WebSocket[] {
    return this.#ctx.getWebSockets(TAG).filter((socket) => attachmentOf(socket)?.linkId === linkId);
  }
}

export function attachmentOf(socket: WebSocket): Attachment | undefined {
  const parsed = Attachment.safeParse(socket.deserializeAttachment());
  return parsed.success ? parsed.data : undefined;
}

/** A bot's message, or why it is none. */
export function readLinkMessage(
  message: string | ArrayBuffer,
): { ok: true; report: LinkReport } | { ok: false; why: string } {
  if (typeof message !== "string") return { ok: false, why: "binary" };
  if (message.length > MAX_MESSAGE_CHARS) return { ok: false, why: "too large" };
  try {
    const parsed = LinkReport.safeParse(JSON.parse(message));
    return parsed.success ? { ok: true, report: parsed.data } : { ok: false, why: "not a report" };
  } catch {
    return { ok: false, why: "not JSON" };
  }
}

/** Tells a bot that its message made no sense; it must end its call. */
export function refuseMessage(socket: WebSocket): void {
  closeSocket(socket, LinkClose.invalid, "this message is not part of the protocol");
}
