import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { PROBLEM_CONTENT_TYPE } from "../protocol/errors.ts";
import { ClientConfig } from "../protocol/session.ts";
import { MAX_BODY_BYTES } from "./http/body.ts";
import { useCapturedLogs } from "./testing/captured-logs.ts";
import { get, ORIGIN, post, problemOf, withSettings } from "./testing/edge-client.ts";
import { refuse, useFakeUpstreams } from "./testing/fake-upstreams.ts";
import { PRODUCTION } from "./testing/production.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();

/** A POST whose body is sent just as it is. */
function postRaw(
  path: string,
  body: BodyInit | null,
  headers: Record<string, string> = {},
): Promise<Response> {
  return exports.default.fetch(`${ORIGIN}${path}`, { method: "POST", body, headers });
}

describe("problems", () => {
  test.each(["/nothing", "/api/nothing", "/api/rtvi/start/", "/internal/other"])(
    "GET %s is 404",
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe(PROBLEM_CONTENT_TYPE);
      expect(await problemOf(response)).toMatchObject({ status: 404, code: "not_found", retryable: false });
    },
  );

  test("a POST to an unknown address is 404 as well", async () => {
    expect((await post("/nothing")).status).toBe(404);
  });

  test.each([
    ["GET", "/api/rtvi/start", "POST"],
    ["GET", "/start", "POST"],
    ["DELETE", "/connect", "POST"],
    ["POST", "/health", "GET, HEAD"],
    ["PUT", "/client-config", "GET, HEAD"],
    ["GET", "/api/rtvi/0123456789abcdef0123456789abcdef/stop", "POST"],
    ["POST", "/internal/sessions/0123456789abcdef0123456789abcdef/bot", "GET, HEAD"],
  ])("%s %s is 405 and says what is allowed", async (method, path, allow) => {
    const response = await exports.default.fetch(`${ORIGIN}${path}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect(await problemOf(response)).toMatchObject({ code: "method_not_allowed" });
  });

  test.each([
    ["no content type", undefined],
    ["a form", "application/x-www-form-urlencoded"],
    ["text", "text/plain;charset=UTF-8"],
  ])("a body sent as %s is 415, not taken for an empty one", async (_, type) => {
    const body = new Blob(["{}"]).stream();
    const response = await postRaw(
      "/api/rtvi/start",
      body,
      type === undefined ? {} : { "content-type": type },
    );
    expect(response.status).toBe(415);
    expect(await problemOf(response)).toMatchObject({ code: "unsupported_media_type" });
    expect(fakes.daily).toEqual([]);
  });

  test.each(["{", "nonsense", "{'a':1}", "\ufeff"])("%j is 400", async (body) => {
    const response = await postRaw("/api/rtvi/start", body, { "content-type": "application/json" });
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ code: "invalid_json" });
  });

  test("bytes that are no text are 400", async () => {
    const bytes = new Uint8Array([0x22, 0xff, 0xfe, 0x22]);
    const response = await postRaw("/connect", bytes, { "content-type": "application/json" });
    expect(response.status).toBe(400);
  });

  test("a body above the limit is 413, with a length and without", async () => {
    const large = JSON.stringify({ metadata: { text: "x".repeat(MAX_BODY_BYTES) } });
    const headers = { "content-type": "application/json" };
    const known = await postRaw("/api/rtvi/start", large, headers);
    const streamed = await postRaw("/api/rtvi/start", new Blob([large]).stream(), headers);
    expect([known.status, streamed.status]).toEqual([413, 413]);
    expect(await problemOf(known)).toMatchObject({ code: "body_too_large" });
  });

  test.each([
    ["/api/rtvi/start", { createDailyRoom: "yes" }, "createDailyRoom"],
    ["/api/rtvi/start", { user: { locale: "tlh" } }, "user.locale"],
    ["/api/rtvi/start", { user: { name: "" } }, "user.name"],
    ["/api/rtvi/start", { user: { id: "bot-1" } }, "user.id"],
    ["/api/rtvi/start", { roomUrl: "not a url" }, "roomUrl"],
    ["/api/rtvi/start", { metadata: [] }, "metadata"],
    ["/api/rtvi/start", { metadata: { voice: 7 } }, "metadata.voice"],
    ["/api/rtvi/start", { metadata: { text: "x".repeat(20_000) } }, "metadata"],
    ["/api/rtvi/start", { metadata: { deep: JSON.parse("[".repeat(100) + "]".repeat(100)) } }, "metadata"],
    [
      "/api/rtvi/start",
      { dailyRoomProperties: { max_participants: "3" } },
      "dailyRoomProperties.max_participants",
    ],
    ["/api/rtvi/start", { dailyRoomProperties: { enable_recording: "cloud" } }, "dailyRoomProperties"],
    ["/api/rtvi/start", { createDailyRoom: false }, "roomUrl"],
    ["/start", [], ""],
    ["/start", null, ""],
    ["/connect", { language: 5 }, "language"],
    ["/connect", { language: "xx" }, "language"],
  ])("POST %s %j is 422 with the field's path", async (path, body, field) => {
    const response = await post(path, body);
    expect(response.status).toBe(422);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const problem = await problemOf(response);
    expect(problem.code).toBe("invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([field]);
    expect(problem.detail).toContain(field);
    expect(fakes.daily).toEqual([]);
  });

  test("an error that nobody foresaw says nothing of its insides, but the log does", async () => {
    const broken = {
      getByName: () => {
        throw new Error("a secret inside");
      },
    };
    // The binding is replaced by one that breaks, so it cannot have the binding's type.
    const settings = { SESSIONS: broken } as unknown as Record<string, string>;
    const response = await withSettings(settings, "/start", { method: "POST" });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "http.broke", error: "Error: a secret inside" }),
    );
  });
});

describe("origins", () => {
  const preflight = (origin: string) =>
    exports.default.fetch(`${ORIGIN}/api/rtvi/start`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });

  test("a preflight of an allowed page passes, with the headers that clients send", async () => {
    const response = await preflight("https://app.example.com");
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    const headers = response.headers.get("access-control-allow-headers") ?? "";
    expect(headers.split(",")).toEqual(
      expect.arrayContaining(["authorization", "content-type", "idempotency-key"]),
    );
  });

  test("any other page gets no permission", async () => {
    const response = await preflight("https://evil.example.com");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("a foreign page cannot start a session even without reading the answer", async () => {
    const response = await post("/api/rtvi/start", undefined, { origin: "https://evil.example.com" });
    expect(response.status).toBe(403);
    expect(await problemOf(response)).toMatchObject({ code: "forbidden" });
    expect(fakes.daily).toEqual([]);
  });

  test.each(["https://app.example.com", ORIGIN, "http://localhost:8081", "http://127.0.0.1:19006"])(
    "in development %s may start one, and read the session id",
    async (origin) => {
      const response = await post("/connect", {}, { origin });
      expect(response.status).toBe(201);
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
      expect(response.headers.get("access-control-expose-headers")).toContain("x-session-id");
    },
  );

  test("an allowed page can read errors too", async () => {
    const response = await post("/connect", { language: 5 }, { origin: "https://app.example.com" });
    expect(response.status).toBe(422);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  });

  test("a name that only begins like loopback is not loopback", async () => {
    const response = await post("/connect", {}, { origin: "http://localhost.evil.example" });
    expect(response.status).toBe(403);
  });
});

describe("requests", () => {
  test("carry an id, the caller's if it has one", async () => {
    expect((await get("/health")).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect((await get("/health", { "x-request-id": "mine-1" })).headers.get("x-request-id")).toBe("mine-1");
  });

  test.each([["two words"], ["a;b"], ["{}"], ["x".repeat(256)]])("do not carry the id %s", async (id) => {
    expect((await get("/health", { "x-request-id": id })).headers.get("x-request-id")).toMatch(
      /^[0-9a-f-]{36}$/,
    );
    expect(logs.text()).not.toContain(`"${id}"`);
  });

  test("leave one line each, without the query", async () => {
    await get("/health?ticket=secret", { "x-request-id": "mine-2" });
    const lines = logs.lines.filter(({ event }) => event === "http.answered");
    expect(lines).toEqual([expect.objectContaining({ requestId: "mine-2", path: "/health", status: 200 })]);
    expect(logs.text()).not.toContain("secret");
  });
});

describe("every answer of the API", () => {
  test.each([
    ["a start", () => post("/api/rtvi/start"), 201],
    ["the lean start", () => post("/connect"), 201],
    ["a session that is not there", () => get("/api/rtvi/0123456789abcdef0123456789abcdef"), 404],
    ["a body that is refused", () => post("/start", []), 422],
    ["an address that is not there", () => get("/nothing"), 404],
    ["a wrong method", () => get("/start"), 405],
    ["what a page must know first", () => get("/client-config"), 200],
    ["the state of things", () => get("/health"), 200],
    ["a link without a token", () => get("/internal/sessions/x/bot", { upgrade: "websocket" }), 401],
    ["settings that are wrong", () => withSettings({ APP_ENV: "production", PUBLIC_URL: "" }, "/start"), 503],
  ])("%s is kept, framed, guessed at and passed on by nobody", async (_, ask, status) => {
    const response = await ask();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(response.headers.get("strict-transport-security")).toBeNull();
    await response.body?.cancel();
  });

  test("in production binds browsers to https", async () => {
    for (const path of ["/client-config", "/health", "/nothing"]) {
      const response = await withSettings(PRODUCTION, path);
      expect(response.headers.get("strict-transport-security")).toBe("max-age=31536000");
    }
  });
});

describe("health", () => {
  test("in development the emulators stand in", async () => {
    const response = await get("/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: "ok",
      checks: { daily: "not_configured", gemini: "not_configured", botHosts: "ok" },
    });
    expect(fakes.daily.length + fakes.host.length).toBe(0);
  });

  test("a start that failed shows, until one works", async () => {
    fakes.hostAnswers.push(refuse(503));
    await post("/start");
    expect(await (await get("/health")).json()).toMatchObject({
      status: "degraded",
      checks: { botHosts: "degraded" },
    });
    await post("/start");
    expect(await (await get("/health")).json()).toMatchObject({ status: "ok", checks: { botHosts: "ok" } });
  });
});

describe("production that is not configured", () => {
  const settings = { APP_ENV: "production", PUBLIC_URL: "" };

  test.each([
    ["POST", "/api/rtvi/start"],
    ["POST", "/connect"],
    ["GET", "/api/rtvi/0123456789abcdef0123456789abcdef"],
    ["GET", "/client-config"],
    ["GET", "/"],
    ["GET", "/internal/sessions/0123456789abcdef0123456789abcdef/bot"],
  ])("%s %s is 503 and names the settings", async (method, path) => {
    const response = await withSettings(settings, path, { method });
    expect(response.status).toBe(503);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "misconfigured", retryable: false });
    for (const name of [
      "PUBLIC_URL",
      "DAILY_API_KEY",
      "EDGE_SIGNING_KEY",
      "ALLOW_ANONYMOUS",
      "DAILY_API_URL",
    ]) {
      expect(problem.detail).toContain(name);
    }
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "settings.refused" }));
  });

  test("only health answers, degraded", async () => {
    const response = await withSettings(settings, "/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "degraded" });
  });
});

test("client-config says what a page must know", async () => {
  const config = ClientConfig.parse(await (await get("/client-config")).json());
  expect(config.emulated).toEqual({ daily: true, gemini: true });
  expect(config.bundlePathOverride).toBe("http://daily.test/call-machine");
  expect(config.languages).toContainEqual({ tag: "fr-FR", name: "Français" });
  expect(config.defaultLanguage).toBe("en-US");
});

describe("the console", () => {
  test("is served at / with the headers that fence it in", async () => {
    const response = await get("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/html");
    const csp = response.headers.get("content-security-policy") ?? "";
    // The call machine comes as a script of its address, so no text has to become code.
    expect(csp).toContain("script-src 'self' http://daily.test;");
    expect(csp).toContain("connect-src 'self' ws://edge.test http://daily.test ws://daily.test");
    expect(csp).toContain("frame-ancestors 'none'");
    expect(response.headers.get("permissions-policy")).toContain("microphone=(self)");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    await response.body?.cancel();
  });

  test("in production may reach Daily and itself, and nothing that is not encrypted", async () => {
    const response = await withSettings(PRODUCTION, "/");
    expect(response.status).toBe(200);
    const csp = response.headers.get("content-security-policy") ?? "";
    const sources = /connect-src ([^;]*)/.exec(csp)?.[1]?.split(" ");
    expect(sources).toEqual(
      expect.arrayContaining(["'self'", "wss://voice.example.com", "https://*.daily.co", "wss://*.daily.co"]),
    );
    expect(csp).toContain("script-src 'self' https://*.daily.co https://*.dailywebrtc.com");
    expect(csp).not.toMatch(/http:|ws:|daily\.test|unsafe/);
    expect(response.headers.get("strict-transport-security")).toBe("max-age=31536000");
    await response.body?.cancel();
  });
});

describe("origins in production", () => {
  test.each([
    ["https://voice.example.com", 422],
    ["https://app.example.com", 422],
    ["http://localhost:8081", 403],
    ["null", 403],
  ])("a page of %s is answered %i", async (origin, status) => {
    const headers = { origin, "content-type": "application/json" };
    // A body that is refused, so that an origin that passes starts nothing.
    const response = await withSettings(PRODUCTION, "/start", { method: "POST", headers, body: "[]" });
    expect(response.status).toBe(status);
  });
});
