import { toHex } from "../hex.ts";
import type { ApiToken } from "./api-tokens.ts";

/** SHA-256 of each token, made once: the lists belong to the settings, which live as long as the isolate. */
const hashes = new WeakMap<readonly ApiToken[], ArrayBuffer[]>();

/** Of the hash that stands for a token without a name; no name can begin like that. */
const HASH_PREFIX = "#";
const HASH_BYTES = 8;

/**
 * Whom a token stands for, if it is one of these. Takes the same time whichever it is and however much of it is
 * right: hashes of one length are compared, and all of them.
 */
export async function holderOfToken(
  tokens: readonly ApiToken[],
  presented: string,
): Promise<string | undefined> {
  const known = hashes.get(tokens) ?? (await Promise.all(tokens.map(({ token }) => sha256(token))));
  hashes.set(tokens, known);
  const asked = await sha256(presented);
  let holder: string | undefined;
  for (const [index, hash] of known.entries()) {
    if (crypto.subtle.timingSafeEqual(hash, asked)) holder = tokens[index]?.name ?? hashName(hash);
  }
  return holder;
}

function hashName(hash: ArrayBuffer): string {
  return `${HASH_PREFIX}${toHex(new Uint8Array(hash, 0, HASH_BYTES))}`;
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
