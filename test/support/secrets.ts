/** Looks for secrets where none belongs: in logs, replies, events and messages. */
import { decodeJwt } from "jose";
import type { Page } from "playwright-core";
import { DEV_SIGNING_KEY, EMULATED_DAILY, EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { EVENTS_PING, EVENTS_PONG, EventsClose } from "../../protocol/events.ts";

/** Those of a stack that runs on emulators. */
const KEYS = {
  "Daily's key": EMULATED_DAILY.apiKey,
  "Gemini's key": EMULATED_GEMINI_KEY,
  "the edge's signing key": DEV_SIGNING_KEY.d,
};

/** A token, whole or cut off: its first part is JSON in base64url, so it starts like this. */
const TOKEN = /eyJ[\w-]{8,}(?:\.[\w-]+){0,2}/g;
/** A handle of the Gemini emulator, by which somebody else could carry the conversation on. */
const HANDLE = /(?<![\w-])Ci[\w-]{40}(?![\w-])/g;

const AUDIENCES: Record<string, string> = {
  "chat-vrd-link": "a link token",
  "chat-vrd-events": "a ticket",
};

/**
 * What kinds of secrets are in a text, each as often as it occurs.
 * @param known tokens that were met before, of which no part may be in it either
 */
export function secretsIn(text: string, known: string[] = []): string[] {
  const keys = Object.entries(KEYS).flatMap(([name, key]) => times(text, key).map(() => name));
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => kindOf(token));
  const handles = [...text.matchAll(HANDLE)].map(() => "a resumption handle");
  // The parts before it are found by their shape. It alone is what makes the token good.
  const signatures = known
    .map((token) => token.slice(token.lastIndexOf(".") + 1))
    .flatMap((signature) => times(text.replaceAll(TOKEN, ""), signature).map(() => "a signature"));
  return [...keys, ...tokens, ...handles, ...signatures];
}

function times(text: string, part: string): string[] {
  return text.split(part).slice(1);
}

function kindOf(token: string): string {
  try {
    const { aud, r: room } = decodeJwt(token);
    if (room !== undefined) return "a meeting token";
    return AUDIENCES[String(aud)] ?? "a token";
  } catch {
    return "a piece of a token";
  }
}

/** All that a page is told from now on. */
export class PageTraffic {
  /** Messages of its WebSockets, among them those of the room. */
  readonly messages: string[] = [];
  readonly #replies: Promise<string>[] = [];

  constructor(page: Page) {
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => this.messages.push(payload.toString()));
    });
    page.on("response", (response) => {
      // A redirect or a preflight has no body to be had.
      const body = response.text().catch(() => "");
      this.#replies.push(body.then((text) => `${JSON.stringify(response.headers())}\n${text}`));
    });
  }

  /** Headers and bodies. */
  replies(): Promise<string[]> {
    return Promise.all(this.#replies);
  }
}

/** All events of a session so far, as they are sent. */
export async function eventsAt(wsEndpoint: string): Promise<string[]> {
  const events: string[] = [];
  const socket = new WebSocket(wsEndpoint);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.addEventListener("open", () => socket.send(EVENTS_PING));
  socket.addEventListener("message", ({ data }) => {
    // What had happened is sent first.
    if (data === EVENTS_PONG) resolve();
    else events.push(String(data));
  });
  socket.addEventListener("close", ({ code }) =>
    code === EventsClose.ended ? resolve() : reject(new Error(`closed with ${code}`)),
  );
  try {
    await promise;
  } finally {
    socket.close();
  }
  return events;
}
