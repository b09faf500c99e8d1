import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { KEYS_URL } from "./fake-upstreams.ts";

export const ISSUER = "https://id.test/";
export const AUDIENCE = "voice";

let providers = 0;

/** An OpenID provider with a key of its own, at an address of its own: the keys of one are kept by the isolate. */
export async function openIdProvider() {
  providers += 1;
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: "key-1", alg: "ES256", use: "sig" };
  return {
    settings: { AUTH_JWKS_URL: `${KEYS_URL}/${providers}`, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE },
    publicJwk,
    /** The answer of its keys' address. */
    keys: () => Response.json({ keys: [publicJwk] }),
    /** A good token, but for what is said otherwise; a claim that is `undefined` is left out. */
    token: (claims: JWTPayload = {}, kid = "key-1") => {
      const now = Math.floor(Date.now() / 1_000);
      const all = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: "user-of-the-provider",
        iat: now,
        exp: now + 300,
        ...claims,
      };
      return new SignJWT(all).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
    },
  };
}
