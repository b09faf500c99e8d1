import { importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { SigningKey } from "../../protocol/signing.ts";

/**
 * A bot's only credential towards the edge: good for the link of one session and one attempt, until the session
 * must be over. Signed with the edge's own key for an audience of its own, so that neither a link token passes
 * as a signed request nor the other way round.
 */
const AUDIENCE = "chat-vrd-link";
const ISSUER = "chat-vrd-edge";
/** A bot that comes back just after the end is told so by a close code; a refused token it would take for a lost network. */
const AFTERLIFE_S = 60;

const Claims = z.object({ sub: z.string(), att: z.int().positive() });

export interface LinkClaims {
  sessionId: string;
  attempt: number;
}

export async function signLinkToken(
  key: SigningKey,
  { sessionId, attempt, expiresAt }: LinkClaims & { expiresAt: number },
): Promise<string> {
  return new SignJWT({ att: attempt })
    .setProtectedHeader({ alg: "EdDSA", kid: key.kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(sessionId)
    .setIssuedAt()
    .setExpirationTime(Math.ceil(expiresAt / 1_000) + AFTERLIFE_S)
    .sign(await importJWK(privateJwk(key), "EdDSA"));
}

/** The claims of a valid token; `undefined` for any other text. */
export async function verifyLinkToken(key: SigningKey, token: string): Promise<LinkClaims | undefined> {
  try {
    const { payload } = await jwtVerify(token, await importJWK(publicJwk(key), "EdDSA"), {
      algorithms: ["EdDSA"],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ["exp", "sub", "att"],
    });
    const claims = Claims.parse(payload);
    return { sessionId: claims.sub, attempt: claims.att };
  } catch {
    return undefined;
  }
}

function publicJwk({ kty, crv, kid, x }: SigningKey): JWK {
  return { kty, crv, kid, x };
}

function privateJwk(key: SigningKey): JWK {
  return { ...publicJwk(key), d: key.d };
}
