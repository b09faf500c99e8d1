import { compactVerify } from "jose";
import { z } from "zod";
import type { CanSend, FatalError } from "../signalling-messages.ts";
import { durationSeconds, unixSeconds } from "./unix-seconds.ts";

/** Abbreviations of what may be sent, in `p.cs` (docs.daily.co, "Self-signing tokens"). */
const SENDABLE = {
  a: "audio",
  v: "video",
  sa: "screenAudio",
  sv: "screenVideo",
  ca: "customAudio",
  cv: "customVideo",
} as const;

function isSendable(short: string): short is keyof typeof SENDABLE {
  return Object.hasOwn(SENDABLE, short);
}

/** The claims of a meeting token that this emulator acts on; what else Daily knows is ignored. */
const Claims = z.looseObject({
  /** Domain id. */
  d: z.string(),
  iat: unixSeconds,
  /** Room name. Without it a token opens every room of the domain. */
  r: z.string().optional(),
  nbf: unixSeconds.optional(),
  exp: unixSeconds.optional(),
  /** User id, user name, owner. */
  ud: z.string().optional(),
  u: z.string().optional(),
  o: z.boolean().optional(),
  /** Eject at the token's expiry; eject so many seconds after joining. */
  ejt: z.boolean().optional(),
  eje: durationSeconds.optional(),
  /** Start with video off, with audio off. */
  vo: z.boolean().optional(),
  ao: z.boolean().optional(),
  /** Permissions: presence, what may be sent, received and administered. */
  p: z
    .strictObject({
      hp: z.boolean().optional(),
      cs: z.union([z.boolean(), z.string()]).optional(),
      cr: z.unknown().optional(),
      ca: z.union([z.boolean(), z.string()]).optional(),
    })
    .refine((p) => typeof p.cs !== "string" || p.cs === "" || p.cs.split(",").every(isSendable))
    .optional(),
});
export type Claims = z.output<typeof Claims>;

export interface TokenIssuer {
  apiKey: string;
  domainId: string;
}

/** What a token says, or why it opens nothing. Its times are the join's business: see `refuseEntry`. */
export type VerifiedToken = { ok: true; claims: Claims } | { ok: false; error: FatalError };

const notAllowed = (msg: string): VerifiedToken => ({ ok: false, error: { type: "not-allowed", msg } });

/** Checks signature, domain and room of a meeting token: a JWT signed with the API key by HS256. */
export async function verifyToken(
  token: string,
  roomName: string,
  { apiKey, domainId }: TokenIssuer,
): Promise<VerifiedToken> {
  const key = new TextEncoder().encode(apiKey);
  const payload = await compactVerify(token, key, { algorithms: ["HS256"] }).then(
    (verified) => verified.payload,
    () => undefined,
  );
  if (!payload) return notAllowed("The meeting token is not signed with this domain's API key.");
  const claims = readClaims(payload);
  if (!claims) return notAllowed("The meeting token's claims are not valid.");
  if (claims.d !== domainId) return notAllowed("The meeting token is for another domain.");
  if (claims.r !== undefined && claims.r !== roomName) {
    return notAllowed("The meeting token is for another room.");
  }
  return { ok: true, claims };
}

function readClaims(payload: Uint8Array): Claims | undefined {
  try {
    return Claims.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch {
    return undefined;
  }
}

/** `cs: "a,v"` as daily-js's names. Absent means everything. */
export function canSend(claims: Claims | undefined): CanSend {
  const allowed = claims?.p?.cs ?? true;
  if (typeof allowed === "boolean") return allowed;
  return allowed
    .split(",")
    .filter(isSendable)
    .map((short) => SENDABLE[short]);
}
