import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { canSend, verifyToken } from "./tokens.ts";

const issuer = { apiKey: "the key", domainId: "the domain" };
const GOOD = { r: "the-room", d: issuer.domainId, iat: 1_800_000_000 };

function sign(claims: Record<string, unknown>, key = issuer.apiKey, alg = "HS256"): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT" }).sign(new TextEncoder().encode(key));
}

const verify = (token: string) => verifyToken(token, "the-room", issuer);

test("a token signed with the API key, for this domain and room, is what it says", async () => {
  const claims = { ...GOOD, ud: "user-1", u: "User", o: true, ejt: true, exp: 1, nbf: 2, p: { cs: "a,sv" } };
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
    ["with an expiry that no date can hold", () => sign({ ...GOOD, exp: 8_640_000_000_001 })],
    ["with a stay that no date can hold", () => sign({ ...GOOD, eje: 8_640_000_000_000 })],
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

test("what may be sent is read from the short names", () => {
  const claims = { d: "", iat: 0 };
  expect(canSend(undefined)).toBe(true);
  expect(canSend(claims)).toBe(true);
  expect(canSend({ ...claims, p: { cs: false } })).toBe(false);
  expect(canSend({ ...claims, p: { cs: "a,v" } })).toEqual(["audio", "video"]);
  expect(canSend({ ...claims, p: { cs: "" } })).toEqual([]);
});
