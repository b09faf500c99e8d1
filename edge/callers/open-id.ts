import { errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { OpenIdSettings } from "./access.ts";
import { providerKeys } from "./provider-keys.ts";

export type OpenIdVerdict =
  | { kind: "valid"; subject: string }
  /** @property why jose's code, or which of our own rules; fit for a log. */
  | { kind: "invalid"; why: string }
  /** The provider's keys cannot be had, so nothing can be said of the token. */
  | { kind: "unknown"; error: unknown };

/**
 * Asymmetric ones only. With a symmetric one anybody could sign, with the public key for the secret; "none" is none.
 */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** Between the provider's clock and ours. */
const CLOCK_TOLERANCE_S = 10;
/** OpenID Connect's own bound of `sub`. */
const MAX_SUBJECT_CHARS = 255;

/** The keys of one provider, kept by the isolate. */
let known: { jwksUrl: string; keys: JWTVerifyGetKey } | undefined;

/** Checks a token as an OAuth 2.0 resource server does: signature, issuer, audience, times; `sub` is the user. */
export async function verifyOpenIdToken(settings: OpenIdSettings, token: string): Promise<OpenIdVerdict> {
  if (known?.jwksUrl !== settings.jwksUrl) {
    known = { jwksUrl: settings.jwksUrl, keys: providerKeys(settings.jwksUrl) };
  }
  try {
    const { payload } = await jwtVerify(token, known.keys, {
      algorithms: ALGORITHMS,
      issuer: settings.issuer,
      audience: settings.audience,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ["exp", "sub"],
    });
    const { sub } = payload;
    if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT_CHARS) {
      return { kind: "invalid", why: "sub" };
    }
    return { kind: "valid", subject: sub };
  } catch (error) {
    return isAboutTheToken(error) ? { kind: "invalid", why: error.code } : { kind: "unknown", error };
  }
}

/** What jose says of a token. Anything else it throws is about the provider's answer, or its absence. */
const ABOUT_THE_TOKEN = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

function isAboutTheToken(error: unknown): error is errors.JOSEError {
  return ABOUT_THE_TOKEN.some((kind) => error instanceof kind);
}
