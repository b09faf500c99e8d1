import { base64url, createLocalJWKSet, importJWK, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { ProblemError } from "./errors.ts";

/**
 * Requests from the edge to a bot host carry a short-lived EdDSA JWT that binds method, path and body.
 * The edge has the private key; hosts have public keys only, so that a captured host cannot sign.
 */

const ISSUER = "chat-vrd-edge";
const BOT_HOST_AUDIENCE = "chat-vrd-bot-host";

/** How long a signed request may be on its way. */
const MAX_AGE_S = 60;
const CLOCK_TOLERANCE_S = 5;
/** A request id is remembered longer than its token can be valid, so none can be used twice. */
const REMEMBER_MS = (MAX_AGE_S + 2 * CLOCK_TOLERANCE_S) * 1000;
/** Ids remembered at once: over 1,000 signed requests a second for `REMEMBER_MS`. Beyond it we refuse. */
const MAX_REMEMBERED = 100_000;

export interface SignedRequest {
  method: string;
  /** Path and query as sent, such as `/sessions/abc?attempt=1`. */
  path: string;
  /** The exact body; empty for none. */
  body: string;
}

/** 32 bytes in base64url without padding: a key that was cut short is found when it is read, not at its first use. */
const keyBytes = z.string().regex(/^[\w-]{43}$/, "must be 32 bytes in base64url");

const PrivateJwk = z.looseObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().min(1),
  x: keyBytes,
  d: keyBytes,
});
const PublicJwk = PrivateJwk.omit({ d: true });

/** The edge's signing key as a setting: an Ed25519 private JWK with a `kid`, as JSON. */
export const SigningKey = jsonText(PrivateJwk);
/** The keys that a bot host trusts: a JWKS of Ed25519 public keys, as JSON. */
export const TrustedKeys = jsonText(z.object({ keys: z.array(PublicJwk).min(1) }));
export type SigningKey = z.output<typeof SigningKey>;
export type TrustedKeys = z.output<typeof TrustedKeys>;

function jsonText<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "is not JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

/** The public part of a signing key, for `EDGE_JWKS`. */
export function publicKeys(...keys: SigningKey[]): TrustedKeys {
  return { keys: keys.map(({ kty, crv, kid, x }) => ({ kty, crv, kid, x })) };
}

async function bodyHash(body: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  return base64url.encode(new Uint8Array(digest));
}

/** The value of the `Authorization` header for one request. */
export async function signRequest(key: SigningKey, request: SignedRequest): Promise<string> {
  const jwt = await new SignJWT({ htm: request.method, htu: request.path, bh: await bodyHash(request.body) })
    .setProtectedHeader({ alg: "EdDSA", kid: key.kid })
    .setIssuer(ISSUER)
    .setAudience(BOT_HOST_AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(`${MAX_AGE_S}s`)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(key, "EdDSA"));
  return `Bearer ${jwt}`;
}

/**
 * Checks signed requests against the trusted keys. Each request passes once.
 * @throws ProblemError `unauthorized`, with a detail that says what is wrong but not what would be right.
 */
export function createRequestVerifier(
  keys: TrustedKeys,
  { maxRemembered = MAX_REMEMBERED }: { maxRemembered?: number } = {},
): (authorization: string | undefined, request: SignedRequest) => Promise<void> {
  const keySet = createLocalJWKSet(keys);
  /** Request id → when it may be forgotten, in order of arrival. */
  const seen = new Map<string, number>();

  return async (authorization, request) => {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
    if (!token) {
      throw new ProblemError("unauthorized", "The request is not signed: no bearer token in Authorization.");
    }
    const { payload } = await jwtVerify(token, keySet, {
      algorithms: ["EdDSA"],
      issuer: ISSUER,
      audience: BOT_HOST_AUDIENCE,
      maxTokenAge: MAX_AGE_S,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ["exp", "iat", "jti", "htm", "htu", "bh"],
    }).catch((cause: unknown) => {
      throw new ProblemError("unauthorized", "The request's signature is not valid, or too old.", { cause });
    });
    if (payload.htm !== request.method || payload.htu !== request.path) {
      throw new ProblemError("unauthorized", "The signature is for another method or path.");
    }
    if (payload.bh !== (await bodyHash(request.body))) {
      throw new ProblemError("unauthorized", "The signature is for another body.");
    }
    // It is among the required claims, which its type does not know.
    rememberOnce(seen, { id: String(payload.jti), maxRemembered });
  };
}

function rememberOnce(
  seen: Map<string, number>,
  { id, maxRemembered }: { id: string; maxRemembered: number },
): void {
  const now = Date.now();
  for (const [oldId, forgetAt] of seen) {
    if (forgetAt > now) break;
    seen.delete(oldId);
  }
  if (seen.has(id)) throw new ProblemError("unauthorized", "This signed request was used before.");
  if (seen.size >= maxRemembered) throw new ProblemError("rate_limited", "Too many signed requests at once.");
  seen.set(id, now + REMEMBER_MS);
}
