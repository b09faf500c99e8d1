import { EVENTS_TICKET, eventsPath } from "../../protocol/events.ts";
import type { SigningKey } from "../../protocol/signing.ts";
import { signEdgeToken, verifyEdgeToken } from "./edge-token.ts";

/**
 * The right to read the events of one session, in an address, since browsers cannot send headers with a WebSocket.
 * Addresses end up in histories and proxies, so it opens nothing else: no view, no stop, no room.
 */
const TICKET = { audience: "chat-vrd-events" };
/** After the session must be over: long enough to read how it ended. */
const AFTERLIFE_MS = 10 * 60_000;
/** A ticket has about 300 characters. What is longer is not looked at. */
const MAX_TICKET_CHARS = 1_024;

interface TicketFor {
  sessionId: string;
  /** When the session has to be over, in epoch milliseconds. */
  expiresAt: number;
}

export async function signEventsTicket(
  key: SigningKey,
  { sessionId, expiresAt }: TicketFor,
): Promise<string> {
  const expiresAtS = Math.ceil((expiresAt + AFTERLIFE_MS) / 1_000);
  return signEdgeToken(key, { ...TICKET, subject: sessionId, expiresAtS });
}

/** Whether the ticket opens the events of this session, now. */
export async function isEventsTicket(
  key: SigningKey,
  { ticket, sessionId }: { ticket: string; sessionId: string },
): Promise<boolean> {
  if (ticket.length > MAX_TICKET_CHARS) return false;
  const claims = await verifyEdgeToken(key, ticket, TICKET);
  return claims?.sub === sessionId;
}

/** The address of a session's events, with a ticket: `rtvi.wsEndpoint` of our replies. */
export async function eventsUrl(
  { publicUrl, signingKey }: { publicUrl: string; signingKey: SigningKey },
  session: TicketFor,
): Promise<string> {
  const ticket = await signEventsTicket(signingKey, session);
  return `${publicUrl.replace(/^http/, "ws")}${eventsPath(session.sessionId)}?${EVENTS_TICKET}=${ticket}`;
}
