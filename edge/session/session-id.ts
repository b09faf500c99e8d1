import { toHex } from "../hex.ts";

/** 128 bits: where a caller has no subject, they are the right to see and stop the session. */
export const SESSION_ID_BYTES = 16;

export function newSessionId(): string {
  return randomHex(SESSION_ID_BYTES);
}

export function isSessionId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

export function randomHex(bytes: number): string {
  return toHex(crypto.getRandomValues(new Uint8Array(bytes)));
}
