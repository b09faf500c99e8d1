import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { readToken, signToken, verifyToken } from "./tokens.ts";

const issuer = { apiKey: "the key", domainId: "the domain" };
const GOOD = { r: "the-room", d: issuer.domainId, iat: 1_800_000_000 };

function sign(claims: Record<string, unknown>, key = issuer.apiKey, alg = "HS256"): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT" }).sign(new TextEncoder().encode(key));
}

const verify = (token: string) => verifyToken(token, "the-room", issuer);

test("a token signed with the API key, for this domain and room, is what it says", async () => {
  const claims = { ...GOOD, ud: "user-1", u: "User", o: true, ejt: true, exp: 1, nbf: 2 };
  expect(await verify(await sign(claims))).toEqual({ ok: true, claims });
});

test("a token without a room opens every room, as Daily's do", async () => {
  const { r: _, ...claims } = GOOD;
  expect(await verify(await sign(claims))).toMatchObject({ ok: true });
});

describe("not allowed", () => {
  const cases: [string, () => string | Promise<string>][] = [
    ["signed with another key", () => sign(GOOD, "another key")],
    ["signed with another algorithm", () => sign(GOOD, issuer.apiKey, "HS512")],
    ["not signed", () => new UnsecuredJWT(GOOD).encode()],
    ["no token at all", () => "abc"],
    ["empty", () => ""],
    ["for another room", () => sign({ ...GOOD, r: "other" })],
    ["for another domain", () => sign({ ...GOOD, d: "other" })],
    ["without a domain", () => sign({ r: GOOD.r, iat: GOOD.iat })],
    ["without iat", () => sign({ r: GOOD.r, d: GOOD.d })],
    ["with an owner claim that is no boolean", () => sign({ ...GOOD, o: "yes" })],
    ["with an expiry in text", () => sign({ ...GOOD, exp: "tomorrow" })],
    ["with an expiry after 2038", () => sign({ ...GOOD, exp: 2_147_483_648 })],
    ["with an expiry in milliseconds", () => sign({ ...GOOD, exp: 1_800_000_000_000 })],
    ["with a stay of no time", () => sign({ ...GOOD, eje: 0 })],
    ["with a claim that there is none of", () => sign({ ...GOOD, ejct: true })],
    ["with a user id of 37 characters", () => sign({ ...GOOD, ud: "x".repeat(37) })],
    ["with a permission that there is none of", () => sign({ ...GOOD, p: { cs: "a,x" } })],
    ["with a misspelt permission", () => sign({ ...GOOD, p: { canSend: true } })],
  ];
  test.each(cases)("%s", async (_name, make) => {
    expect(await verify(await make())).toMatchObject({ ok: false, error: { type: "not-allowed" } });
  });

  test("claims changed after signing", async () => {
    const [header, , signature] = (await sign(GOOD)).split(".");
    const forged = Buffer.from(JSON.stringify({ ...GOOD, o: true })).toString("base64url");
    expect(await verify(`${header}.${forged}.${signature}`)).toMatchObject({ ok: false });
  });
});

test("a token that the emulator signs is one, whatever its room", async () => {
  const properties = {
    room_name: "the-room",
    user_id: "user-1",
    eject_at_token_exp: true,
    exp: 1_800_000_000,
    permissions: { canSend: ["audio" as const] },
  };
  const token = await signToken(properties, issuer);
  const claims = {
    r: "the-room",
    d: issuer.domainId,
    iat: expect.any(Number),
    ud: "user-1",
    ejt: true,
    exp: 1_800_000_000,
    p: { canSend: ["audio"] },
  };
  expect(await verify(token)).toEqual({ ok: true, claims });
  expect(await readToken(token, issuer)).toEqual({ ok: true, claims });
  expect(await verifyToken(token, "another-room", issuer)).toMatchObject({ ok: false });
});
