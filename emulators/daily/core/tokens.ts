import { compactVerify, SignJWT } from "jose";
import type { FatalError } from "../signalling-messages.ts";
import { Claims, claimsOf, type TokenProperties } from "./token-properties.ts";

export interface TokenIssuer {
  apiKey: string;
  domainId: string;
}

/** What a token says, or why it opens nothing. Its times are the join's business: see `refuseEntry`. */
export type VerifiedToken = { ok: true; claims: Claims } | { ok: false; error: FatalError };

const keyOf = (apiKey: string) => new TextEncoder().encode(apiKey);

const notAllowed = (msg: string) => ({ ok: false, error: { type: "not-allowed", msg } }) as const;

/** A meeting token as Daily signs them, and as anybody who holds the API key may: a JWT with HS256. */
export function signToken(properties: TokenProperties, { apiKey, domainId }: TokenIssuer): Promise<string> {
  return new SignJWT({ ...claimsOf(properties), d: domainId })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(Math.floor(Date.now() / 1000))
    .sign(keyOf(apiKey));
}

/** Checks signature, domain and claims of a meeting token, whoever signed it. */
export async function readToken(token: string, { apiKey, domainId }: TokenIssuer): Promise<VerifiedToken> {
  const payload = await compactVerify(token, keyOf(apiKey), { algorithms: ["HS256"] }).then(
    (verified) => verified.payload,
    () => undefined,
  );
  if (!payload) return notAllowed("The meeting token is not signed with this domain's API key.");
  const claims = readClaims(payload);
  if (!claims) return notAllowed("The meeting token's claims are not valid.");
  if (claims.d !== domainId) return notAllowed("The meeting token is for another domain.");
  return { ok: true, claims };
}

/** Checks in addition that the token is for this room. */
export async function verifyToken(
  token: string,
  roomName: string,
  issuer: TokenIssuer,
): Promise<VerifiedToken> {
  const read = await readToken(token, issuer);
  const isForRoom = !read.ok || read.claims.r === undefined || read.claims.r === roomName;
  return isForRoom ? read : notAllowed("The meeting token is for another room.");
}

function readClaims(payload: Uint8Array): Claims | undefined {
  try {
    return Claims.safeParse(JSON.parse(new TextDecoder().decode(payload))).data;
  } catch {
    return undefined;
  }
}
