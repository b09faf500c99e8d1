import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DEV_SIGNING_KEY } from "./development.ts";
import { createRequestVerifier, publicKeys, SigningKey, signRequest, TrustedKeys } from "./signing.ts";

const request = { method: "POST", path: "/sessions", body: '{"a":1}' };

async function newKey(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return SigningKey.parse(JSON.stringify({ ...(await exportJWK(privateKey)), kid }));
}

describe("a signed request", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const verify = () => createRequestVerifier(publicKeys(DEV_SIGNING_KEY));

  it("passes as it was sent", async () => {
    await expect(verify()(await signRequest(DEV_SIGNING_KEY, request), request)).resolves.toBeUndefined();
  });

  it.each([
    ["another method", { ...request, method: "DELETE" }],
    ["another path", { ...request, path: "/sessions/b" }],
    ["another body", { ...request, body: '{"a":2}' }],
  ])("is refused for %s", async (_, sent) => {
    const authorization = await signRequest(DEV_SIGNING_KEY, request);
    await expect(verify()(authorization, sent)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("is refused the second time", async () => {
    const check = verify();
    const authorization = await signRequest(DEV_SIGNING_KEY, request);
    await check(authorization, request);
    await expect(check(authorization, request)).rejects.toThrow(/used before/);
  });

  it("is refused when it is older than a minute", async () => {
    const authorization = await signRequest(DEV_SIGNING_KEY, request);
    vi.setSystemTime(Date.now() + 66_000);
    await expect(verify()(authorization, request)).rejects.toThrow(/too old/);
  });

  it.each([undefined, "", "Bearer", "Basic abc", "Bearer not.a.jwt"])(
    "is refused with Authorization %j",
    async (value) => {
      await expect(verify()(value, request)).rejects.toMatchObject({ code: "unauthorized" });
    },
  );

  it("is refused when an unknown key signed it, also under a known key's id", async () => {
    const stranger = await newKey("stranger");
    const forger = await newKey(DEV_SIGNING_KEY.kid);
    for (const key of [stranger, forger]) {
      await expect(verify()(await signRequest(key, request), request)).rejects.toMatchObject({
        code: "unauthorized",
      });
    }
  });

  it("is refused when it is signed with the public key as a shared secret", async () => {
    const forged = await new SignJWT({ htm: "POST", htu: "/sessions", bh: "" })
      .setProtectedHeader({ alg: "HS256", kid: DEV_SIGNING_KEY.kid })
      .setIssuedAt()
      .setExpirationTime("60s")
      .sign(new TextEncoder().encode(DEV_SIGNING_KEY.x.padEnd(32, "=")));
    await expect(verify()(`Bearer ${forged}`, request)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("passes under the old and the new key while keys rotate", async () => {
    const next = await newKey("next");
    const check = createRequestVerifier(publicKeys(DEV_SIGNING_KEY, next));
    await check(await signRequest(DEV_SIGNING_KEY, request), request);
    await check(await signRequest(next, request), request);
  });
});

describe("key settings", () => {
  it("refuse what is no JSON, no Ed25519 key, or has no private part", () => {
    const { d: _, ...publicOnly } = DEV_SIGNING_KEY;
    for (const text of [
      "{",
      "{}",
      JSON.stringify({ ...DEV_SIGNING_KEY, crv: "P-256" }),
      JSON.stringify({ ...DEV_SIGNING_KEY, d: DEV_SIGNING_KEY.d.slice(0, -1) }),
      JSON.stringify(publicOnly),
    ]) {
      expect(SigningKey.safeParse(text).success).toBe(false);
    }
  });

  it("hold no private part among the trusted keys", () => {
    const keys = TrustedKeys.parse(JSON.stringify(publicKeys(DEV_SIGNING_KEY)));
    expect(JSON.stringify(keys)).not.toContain(DEV_SIGNING_KEY.d);
    expect(TrustedKeys.safeParse('{"keys":[]}').success).toBe(false);
  });
});
