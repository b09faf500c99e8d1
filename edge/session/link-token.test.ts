import { importJWK, SignJWT } from "jose";
import { expect, test } from "vitest";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { signRequest } from "../../protocol/signing.ts";
import { signLinkToken, verifyLinkToken } from "./link-token.ts";

const claims = { sessionId: "0123456789abcdef0123456789abcdef", attempt: 2 };
const inAnHour = () => Date.now() + 3_600_000;

test("what was signed is what is read", async () => {
  const token = await signLinkToken(DEV_SIGNING_KEY, { ...claims, expiresAt: inAnHour() });
  expect(await verifyLinkToken(DEV_SIGNING_KEY, token)).toEqual(claims);
});

test("it outlives the session by a minute, so that a late bot hears of the end, and no longer", async () => {
  const late = await signLinkToken(DEV_SIGNING_KEY, { ...claims, expiresAt: Date.now() - 30_000 });
  expect(await verifyLinkToken(DEV_SIGNING_KEY, late)).toEqual(claims);
  const tooLate = await signLinkToken(DEV_SIGNING_KEY, { ...claims, expiresAt: Date.now() - 61_000 });
  expect(await verifyLinkToken(DEV_SIGNING_KEY, tooLate)).toBeUndefined();
});

test("a signed request is no link token, though the key is the same", async () => {
  const authorization = await signRequest(DEV_SIGNING_KEY, { method: "GET", path: "/", body: "" });
  expect(await verifyLinkToken(DEV_SIGNING_KEY, authorization.replace("Bearer ", ""))).toBeUndefined();
});

test("a token of the same key for another audience is none", async () => {
  const other = await new SignJWT({ att: claims.attempt })
    .setProtectedHeader({ alg: "EdDSA", kid: DEV_SIGNING_KEY.kid })
    .setIssuer("chat-vrd-edge")
    .setAudience("chat-vrd-events")
    .setSubject(claims.sessionId)
    .setExpirationTime("1h")
    .sign(await importJWK(DEV_SIGNING_KEY, "EdDSA"));
  expect(await verifyLinkToken(DEV_SIGNING_KEY, other)).toBeUndefined();
});

test("a token of another algorithm, made with what is public of the key, is none", async () => {
  const forged = await new SignJWT({ att: claims.attempt })
    .setProtectedHeader({ alg: "HS256", kid: DEV_SIGNING_KEY.kid })
    .setIssuer("chat-vrd-edge")
    .setAudience("chat-vrd-link")
    .setSubject(claims.sessionId)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(DEV_SIGNING_KEY.x.repeat(2)));
  expect(await verifyLinkToken(DEV_SIGNING_KEY, forged)).toBeUndefined();
});
