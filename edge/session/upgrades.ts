import { z } from "zod";

/**
 * What the Worker asks a session's object for once it has checked the token: one of two WebSockets. The request is made
 * anew, so that nothing that a client sends reaches the object.
 */
export type Upgrade =
  /** A bot's link, for the attempt that its token names. */
  | { kind: "link"; attempt: number }
  /** The events after the one that the watcher knows. */
  | { kind: "events"; after: number };

const wholeNumber = z.string().regex(/^\d+$/).transform(Number).pipe(z.int());
const Address = z.union([
  z.object({ kind: z.literal("link"), attempt: wholeNumber }),
  z.object({ kind: z.literal("events"), after: wholeNumber }),
]);

/** Only there to make an address: it is never looked up. */
const BASE = "https://session.invalid/";

export function upgradeRequest(upgrade: Upgrade): Request {
  const query = new URLSearchParams(Object.entries(upgrade).map(([name, value]) => [name, String(value)]));
  return new Request(`${BASE}?${query}`, { headers: { upgrade: "websocket" } });
}

/** @throws ZodError when it is none of {@link upgradeRequest}, which nobody else can send */
export function readUpgrade({ url }: Request): Upgrade {
  return Address.parse(Object.fromEntries(new URL(url).searchParams));
}
