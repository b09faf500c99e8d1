import { SignJWT } from "jose";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ClientConfig } from "../../protocol/session.ts";
import { CLOSED, clientOf, TOKENS } from "../testing/callers.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { problemOf, withSettings } from "../testing/edge-client.ts";
import { held, refuse, silence, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { AUDIENCE, ISSUER, openIdProvider } from "../testing/openid-provider.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();

/** Below the time of a test, and far above what a busy machine needs; vitest alone waits a second. */
const PATIENTLY = { timeout: 4_000 };

afterEach(() => {
  vi.useRealTimers();
});

const NOBODY = "0123456789abcdef0123456789abcdef";
const refusals = () => logs.lines.filter(({ event }) => event === "auth.refused").map(({ why }) => why);

describe("a closed service", () => {
  const service = clientOf(CLOSED);

  test.each([
    ["POST", "/api/rtvi/start"],
    ["POST", "/start"],
    ["POST", "/connect"],
    ["GET", `/api/rtvi/${NOBODY}`],
    ["POST", `/api/rtvi/${NOBODY}/stop`],
    ["GET", "/api/nothing"],
  ] as const)("answers %s %s without a token by 401, and says what it wants", async (method, path) => {
    const response = await service.call(path, { method });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await problemOf(response)).toMatchObject({ code: "unauthorized", retryable: false });
    expect(refusals()).toEqual(["missing"]);
    expect(fakes.daily.length + fakes.host.length).toBe(0);
  });

  test.each([
    ["/health", 200],
    ["/client-config", 200],
    ["/", 200],
  ])("keeps %s open", async (path, status) => {
    const response = await service.call(path, { method: "GET" });
    expect(response.status).toBe(status);
    await response.body?.cancel();
  });

  test("tells a page that it needs a token", async () => {
    const config = await (await service.call("/client-config", { method: "GET" })).json();
    expect(ClientConfig.parse(config).auth).toBe("bearer");
    const open = await (await clientOf({}).call("/client-config", { method: "GET" })).json();
    expect(ClientConfig.parse(open).auth).toBe("none");
  });

  test("lets a preflight through: browsers send none with it", async () => {
    const response = await withSettings(CLOSED, "/api/rtvi/start", {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key",
      },
    });
    expect(response.status).toBe(204);
    const allowed = response.headers.get("access-control-allow-headers")?.split(",");
    expect(allowed).toEqual(expect.arrayContaining(["authorization", "content-type", "idempotency-key"]));
  });

  test("lets the page of an allowed origin read why it was refused", async () => {
    const response = await service.start({ headers: { origin: "https://app.example.com" } });
    expect(response.status).toBe(401);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  });

  test("takes a token of a user, and of an operator", async () => {
    expect((await service.start({ token: TOKENS.ada })).status).toBe(201);
    expect((await service.start({ token: TOKENS.operator })).status).toBe(201);
    const callers = logs.lines
      .filter(({ event }) => event === "session.accepted")
      .map(({ caller }) => caller);
    expect(callers).toEqual(["user", "operator"]);
  });

  test.each([
    ["another token", `Bearer ${TOKENS.ada.replace("ada", "eve")}`],
    ["a part of one", `Bearer ${TOKENS.ada.slice(0, -1)}`],
    ["one and more", `Bearer ${TOKENS.ada}x`],
    ["its name before it", `Bearer ada:${TOKENS.ada}`],
    ["another case", `Bearer ${TOKENS.ada.toUpperCase()}`],
    ["another scheme", `Basic ${TOKENS.ada}`],
    ["no scheme", TOKENS.ada],
    ["nothing behind the scheme", "Bearer"],
    ["two tokens", `Bearer ${TOKENS.ada} ${TOKENS.bob}`],
    ["far too much", `Bearer ${"a".repeat(9_000)}`],
    ["what would be a token of a provider", "Bearer e30.e30.e30"],
  ])("refuses %s", async (_, authorization) => {
    const response = await service.start({ headers: { authorization } });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
    expect(refusals()).toHaveLength(1);
    expect(fakes.daily.length + fakes.host.length + fakes.keys.length).toBe(0);
  });

  test("takes no token from the address, where logs and histories would keep it", async () => {
    const response = await service.call(`/api/rtvi/start?access_token=${TOKENS.ada}`);
    expect(response.status).toBe(401);
    expect(logs.text()).not.toContain(TOKENS.ada);
  });

  test("takes the old and the new token of one name while it is replaced, for one and the same user", async () => {
    const both = clientOf({ API_TOKENS: "app:the-old-token-of-it,app:the-new-token-of-it" });
    const response = await both.start({ token: "the-old-token-of-it" });
    const { sessionId } = await response.json<{ sessionId: string }>();
    expect((await both.view(sessionId, { token: "the-new-token-of-it" })).status).toBe(200);
  });

  test("knows a token without a name by itself, wherever it stands in the list", async () => {
    const first = clientOf({ API_TOKENS: "one-token-without-a-name,another-token-without" });
    const response = await first.start({ token: "one-token-without-a-name" });
    const { sessionId } = await response.json<{ sessionId: string }>();
    const moved = clientOf({ API_TOKENS: "another-token-without,one-token-without-a-name" });
    expect((await moved.view(sessionId, { token: "one-token-without-a-name" })).status).toBe(200);
    expect((await moved.view(sessionId, { token: "another-token-without" })).status).toBe(404);
  });
});

describe("a service that is open, with tokens for some", () => {
  const service = clientOf({ ...CLOSED, ALLOW_ANONYMOUS: "true" });

  test("serves both", async () => {
    expect((await service.start()).status).toBe(201);
    expect((await service.start({ token: TOKENS.bob })).status).toBe(201);
  });

  test("does not take a wrong token for none", async () => {
    expect((await service.start({ token: "not-the-token-of-anybody" })).status).toBe(401);
  });

  test("says to a page that no token is needed", async () => {
    const config = await (await service.call("/client-config", { method: "GET" })).json();
    expect(ClientConfig.parse(config).auth).toBe("none");
  });
});

/** The same answer with 300 kB of white space behind it. */
async function padded(answer: Response): Promise<Response> {
  return new Response((await answer.text()) + " ".repeat(300_000));
}

describe("tokens of an OpenID provider", () => {
  test("pass, and their keys are asked for once", async () => {
    const provider = await openIdProvider();
    const service = clientOf(provider.settings);
    fakes.keysAnswers.push(provider.keys);
    for (let i = 0; i < 3; i++) {
      expect((await service.start({ token: await provider.token({ sub: `user-${i}` }) })).status).toBe(201);
    }
    expect(fakes.keys).toHaveLength(1);
    expect(fakes.keys[0]).toMatchObject({ method: "GET", redirect: "manual" });
  });

  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

  test.each([
    ["another audience", { aud: "another-service" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
    ["no audience", { aud: undefined }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
    ["another issuer", { iss: "https://evil.example/" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
    ["the issuer without its slash", { iss: "https://id.test" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
    ["no user", { sub: undefined }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
    ["an empty user", { sub: "" }, "sub"],
    ["a user that is far too long", { sub: "x".repeat(256) }, "sub"],
    ["no expiry", { exp: undefined }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
    ["an expiry that has passed", { exp: inSeconds(-30) }, "ERR_JWT_EXPIRED"],
    ["a beginning that is to come", { nbf: inSeconds(60) }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
  ])("are refused for %s", async (_, claims, why) => {
    const provider = await openIdProvider();
    fakes.keysAnswers.push(provider.keys);
    // A claim that is left out is no claim of its type.
    const token = await provider.token(claims as Parameters<typeof provider.token>[0]);
    const response = await clientOf(provider.settings).start({ token });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("invalid_token");
    expect(refusals()).toEqual([why]);
    expect(fakes.host).toEqual([]);
  });

  test("pass with a clock that is a little off, either way", async () => {
    const provider = await openIdProvider();
    fakes.keysAnswers.push(provider.keys);
    const service = clientOf(provider.settings);
    const late = await provider.token({ exp: inSeconds(-5), sub: "late" });
    const early = await provider.token({ nbf: inSeconds(5), sub: "early" });
    for (const token of [late, early]) expect((await service.start({ token })).status).toBe(201);
  });

  test("pass more than once: a bearer token is no ticket", async () => {
    const provider = await openIdProvider();
    fakes.keysAnswers.push(provider.keys);
    const token = await provider.token();
    const service = clientOf(provider.settings);
    expect([(await service.start({ token })).status, (await service.start({ token })).status]).toEqual([
      201, 201,
    ]);
  });

  test("are refused when they are not signed at all, without asking for a key", async () => {
    const provider = await openIdProvider();
    const encode = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: "user", exp: inSeconds(300) };
    for (const alg of ["none", "None", "NONE"]) {
      const token = `${encode({ alg })}.${encode(claims)}.`;
      expect((await clientOf(provider.settings).start({ token })).status).toBe(401);
    }
    expect(fakes.keys).toEqual([]);
  });

  test("are refused when they are signed with the public key as a shared secret", async () => {
    const provider = await openIdProvider();
    const forged = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "user", exp: inSeconds(300) })
      .setProtectedHeader({ alg: "HS256", kid: "key-1" })
      .sign(new TextEncoder().encode(JSON.stringify(provider.publicJwk)));
    expect((await clientOf(provider.settings).start({ token: forged })).status).toBe(401);
    expect(refusals()).toEqual(["ERR_JOSE_ALG_NOT_ALLOWED"]);
  });

  test("are refused when another key signed them under the known key's id", async () => {
    const provider = await openIdProvider();
    const forger = await openIdProvider();
    fakes.keysAnswers.push(provider.keys);
    expect((await clientOf(provider.settings).start({ token: await forger.token() })).status).toBe(401);
    expect(refusals()).toEqual(["ERR_JWS_SIGNATURE_VERIFICATION_FAILED"]);
  });

  test("are refused when they bring their own key, or say where it is", async () => {
    const provider = await openIdProvider();
    const forger = await openIdProvider();
    fakes.keysAnswers.push(provider.keys);
    const { privateKey, publicKey } = await crypto.subtle
      .generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"])
      .then((pair) => pair as CryptoKeyPair); // an asymmetric algorithm makes a pair
    const jwk = await crypto.subtle.exportKey("jwk", publicKey);
    const token = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "user", exp: inSeconds(300) })
      // The exported key is a JWK, though its type says that it may be bytes.
      .setProtectedHeader({ alg: "ES256", jwk: jwk as JsonWebKey, jku: forger.settings.AUTH_JWKS_URL })
      .sign(privateKey);
    expect((await clientOf(provider.settings).start({ token })).status).toBe(401);
    expect(fakes.keys.map(({ path }) => path)).toEqual([new URL(provider.settings.AUTH_JWKS_URL).pathname]);
  });

  test("with an unknown key make us ask again, but not at every one of them", async () => {
    const provider = await openIdProvider();
    const service = clientOf(provider.settings);
    const stranger = await provider.token({}, "key-2");
    for (let i = 0; i < 3; i++) fakes.keysAnswers.push(provider.keys);
    for (let i = 0; i < 5; i++) expect((await service.start({ token: stranger })).status).toBe(401);
    expect(fakes.keys).toHaveLength(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    for (let i = 0; i < 5; i++) expect((await service.start({ token: stranger })).status).toBe(401);
    expect(fakes.keys).toHaveLength(2);
  });

  test("with unknown keys, many at once, make us ask one time: the cooldown begins only with an answer", async () => {
    const provider = await openIdProvider();
    const service = clientOf(provider.settings);
    fakes.keysAnswers.push(provider.keys);
    expect((await service.view(NOBODY, { token: await provider.token() })).status).toBe(404);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    const answer = held(provider.keys);
    fakes.keysAnswers.push(answer.answer);
    const views = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => ({ token: await provider.token({}, `made-up-${i}`) })),
    ).then((calls) => calls.map((call) => service.view(NOBODY, call)));
    await vi.waitUntil(() => fakes.keys.length === 2, PATIENTLY);
    // Sent last, so that those before it have come to where they would ask.
    const known = await service.view(NOBODY, { token: await provider.token() });
    answer.release();
    expect((await Promise.all(views)).map(({ status }) => status)).toEqual(Array(8).fill(401));
    expect(known.status).toBe(404);
    expect(fakes.keys).toHaveLength(2);
  });

  test("that come together are checked with the keys that one of them asked for", async () => {
    const provider = await openIdProvider();
    const service = clientOf(provider.settings);
    const answer = held(provider.keys);
    fakes.keysAnswers.push(answer.answer);
    const tokens = await Promise.all(["ada", "bob", "cyd"].map((sub) => provider.token({ sub })));
    const views = tokens.map((token) => service.view(NOBODY, { token }));
    await vi.waitUntil(() => fakes.keys.length === 1, PATIENTLY);
    answer.release();
    expect((await Promise.all(views)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(fakes.keys).toHaveLength(1);
  });

  test("are checked with fresh keys after ten minutes, so that a withdrawn one stops counting", async () => {
    const provider = await openIdProvider();
    const service = clientOf(provider.settings);
    fakes.keysAnswers.push(provider.keys, () => Response.json({ keys: [] }));
    const token = await provider.token({ exp: inSeconds(3_600) });
    expect((await service.start({ token })).status).toBe(201);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 601_000 });
    expect((await service.start({ token })).status).toBe(401);
  });

  test.each([
    ["answers with an error", refuse(500)],
    ["answers with something else", () => new Response("<html>")],
    ["answers with no set of keys", () => Response.json({ keys: "none" })],
    ["answers with far too much", padded],
    [
      "sends us elsewhere",
      () => new Response(null, { status: 302, headers: { location: "https://evil.example" } }),
    ],
    ["does not answer", silence],
    [
      "cannot be reached",
      () => {
        throw new TypeError("network connection lost");
      },
    ],
  ])("are not called wrong when the provider %s", async (_, answer) => {
    const provider = await openIdProvider();
    fakes.keysAnswers.push(() => answer(provider.keys()));
    const response = await clientOf(provider.settings).start({ token: await provider.token() });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await problemOf(response)).toMatchObject({ code: "auth_unavailable", retryable: true });
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "auth.keys_failed", level: "error" }));
  });

  test.each([
    ["an error", refuse(500)],
    ["a page", () => new Response("<html>")],
    ["no set of keys", () => Response.json({ keys: "none" })],
  ])("leave a provider that answers with %s in peace, and pass once it is well", async (_, answer) => {
    const provider = await openIdProvider();
    const service = clientOf(provider.settings);
    fakes.keysAnswers.push(answer, provider.keys);
    const token = await provider.token();
    vi.useFakeTimers({ toFake: ["Date"] });
    for (let i = 0; i < 4; i++) expect((await service.start({ token })).status).toBe(503);
    expect(fakes.keys).toHaveLength(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2_000 });
    expect((await service.start({ token })).status).toBe(201);
  });

  test("stand beside tokens of our own, and never for the same user", async () => {
    const provider = await openIdProvider();
    fakes.keysAnswers.push(provider.keys);
    const service = clientOf({ ...provider.settings, ...CLOSED });
    const { sessionId } = await (await service.start({ token: TOKENS.ada })).json<{ sessionId: string }>();
    for (const sub of ["ada", "token:ada", "operator:ops"]) {
      expect((await service.view(sessionId, { token: await provider.token({ sub }) })).status).toBe(404);
    }
    expect((await service.view(sessionId, { token: TOKENS.ada })).status).toBe(200);
  });
});
