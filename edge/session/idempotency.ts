import type { StartRequest } from "../../protocol/session.ts";
import type { SigningKey } from "../../protocol/signing.ts";
import type { Caller } from "../callers/caller.ts";
import { toHex } from "../hex.ts";
import { SESSION_ID_BYTES } from "./session-id.ts";

/** Keeps these ids apart from whatever else is ever derived from the key. */
const PURPOSE = "chat-vrd session id by idempotency key";

export interface IdempotentStart {
  caller: Caller;
  /** As the caller sent it; see `IdempotencyKey`. */
  key: string;
  /** Which of the starts under this key, from 0: one that came to nothing is followed by the next. */
  round: number;
}

/**
 * The id of the session that a caller's key stands for: an HMAC, so that who knows somebody's key but is not that
 * caller learns nothing. Callers without a subject share one space, where the key alone is the right to the session.
 * @param signingKey its private part is what the HMAC's key is derived from, so the ids change when it is rotated.
 */
export async function idempotentSessionId(
  signingKey: SigningKey,
  { caller, key, round }: IdempotentStart,
): Promise<string> {
  const subject = caller.kind === "anonymous" ? null : caller.subject;
  // As JSON: no two different starts can be written alike.
  const message = new TextEncoder().encode(JSON.stringify([subject, key, round]));
  const mac = await crypto.subtle.sign("HMAC", await macKey(signingKey), message);
  return toHex(new Uint8Array(mac, 0, SESSION_ID_BYTES));
}

async function macKey({ d }: SigningKey): Promise<CryptoKey> {
  const text = new TextEncoder();
  const secret = await crypto.subtle.importKey("raw", text.encode(d), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode(PURPOSE) },
    secret,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign"],
  );
}

/**
 * What tells two starts under one key apart: the request as it was understood, so that neither spacing, the order of
 * fields nor a default that is spelled out makes another of it.
 */
export async function fingerprint(request: StartRequest): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(sorted(request)));
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
}

/** Objects as lists of their fields in order: no field's name can do anything there. Requests are not nested deeply. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return ["array", ...value.map(sorted)];
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return [
    "object",
    ...fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sorted(field)]),
  ];
}
