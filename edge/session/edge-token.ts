import { importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { SigningKey } from "../../protocol/signing.ts";

/**
 * What the edge signs for itself to read again. Each kind has an audience of its own, so that none passes for another,
 * nor for a signed request to a bot host, though the key is the same.
 */
const ISSUER = "chat-vrd-edge";

interface Kind {
  audience: string;
}

interface EdgeToken extends Kind {
  subject: string;
  /** Epoch seconds. */
  expiresAtS: number;
  claims?: JWTPayload;
}

export async function signEdgeToken(
  key: SigningKey,
  { audience, subject, expiresAtS, claims = {} }: EdgeToken,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "EdDSA", kid: key.kid })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setSubject(subject)
    .setExpirationTime(expiresAtS)
    .sign(await importJWK({ ...publicJwk(key), d: key.d }, "EdDSA"));
}

/** The payload of a valid token of this kind; `undefined` for any other text. */
export async function verifyEdgeToken(
  key: SigningKey,
  token: string,
  { audience }: Kind,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, await importJWK(publicJwk(key), "EdDSA"), {
      algorithms: ["EdDSA"],
      issuer: ISSUER,
      audience,
      requiredClaims: ["exp", "sub"],
    });
    return payload;
  } catch {
    return undefined;
  }
}

function publicJwk({ kty, crv, kid, x }: SigningKey): JWK {
  return { kty, crv, kid, x };
}
