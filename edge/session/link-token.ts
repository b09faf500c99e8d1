import { z } from "zod";
import type { SigningKey } from "../../protocol/signing.ts";
import { signEdgeToken, verifyEdgeToken } from "./edge-token.ts";

/**
 * A bot's only credential towards the edge: good for the link of one session and one attempt, until the session
 * must be over.
 */
const LINK = { audience: "chat-vrd-link" };
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
  const expiresAtS = Math.ceil(expiresAt / 1_000) + AFTERLIFE_S;
  return signEdgeToken(key, { ...LINK, subject: sessionId, expiresAtS, claims: { att: attempt } });
}

/** The claims of a valid token; `undefined` for any other text. */
export async function verifyLinkToken(key: SigningKey, token: string): Promise<LinkClaims | undefined> {
  const claims = Claims.safeParse(await verifyEdgeToken(key, token, LINK));
  return claims.success ? { sessionId: claims.data.sub, attempt: claims.data.att } : undefined;
}
