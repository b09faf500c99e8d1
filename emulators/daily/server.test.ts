import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { startDailyEmulator } from "./server.ts";
import { type Fixture, startFixture } from "./test-fixture.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

const WITH_KEY = { authorization: `Bearer ${EMULATED_DAILY.apiKey}` };

async function startLimited() {
  const emulator = await startDailyEmulator({ port: 0, rateLimits: true });
  return { url: emulator.url, [Symbol.asyncDispose]: () => emulator.close() };
}

/** Every kind of address that there is. */
const PATHS = [
  ["GET", "/"],
  ["GET", "/room"],
  ["GET", "/nowhere"],
  ["GET", "/v1/"],
  ["GET", "/v1/rooms"],
  ["POST", "/v1/rooms"],
  ["GET", "/v1/nowhere"],
  ["GET", "/call-machine/call-machine-object-bundle.js"],
  ["GET", "/_emulator/state"],
  ["POST", "/_emulator/reset"],
  ["POST", "/_emulator/faults"],
  ["POST", "/_emulator/rate-limits"],
] as const;

/** `fetch` sets its own Host, so this one is made by hand. */
async function ask(method: string, path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  // The path goes out as it is here, and without the dots resolved as in a URL.
  const outgoing = request(fixture.emulator.url, { method, path, headers }).end();
  const [incoming] = await once(outgoing, "response");
  return incoming;
}

async function bodyOf(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  return JSON.parse(Buffer.concat(await incoming.toArray()).toString());
}

describe("who is served", () => {
  test.each(PATHS)("%s %s only where it is called by a loopback name", async (method, path) => {
    await fixture.newRoom("room");
    for (const host of ["evil.example", "evil.example:8788", "localhost.evil.example"]) {
      const refused = await ask(method, path, { host });
      const body = await bodyOf(refused);
      const code = path.startsWith("/v1") ? body.error : body.code;
      expect([refused.statusCode, code]).toEqual([
        403,
        path.startsWith("/v1") ? "forbidden-error" : "forbidden",
      ]);
    }
    const served = await ask(method, path, { host: "localhost:1" });
    served.resume();
    expect(served.statusCode).not.toBe(403);
  });

  test.each(PATHS)("%s %s for no page of another site", async (method, path) => {
    await fixture.newRoom("room");
    for (const origin of ["https://evil.example", "null", "http://localhost.evil.example"]) {
      const refused = await ask(method, path, { origin });
      refused.resume();
      expect(refused.statusCode).toBe(403);
    }
    const served = await ask(method, path, { origin: "http://localhost:3000" });
    served.resume();
    expect(served.statusCode).not.toBe(403);
  });

  test("a refused order has no effect", async () => {
    await fixture.newRoom("room");
    (await ask("POST", "/_emulator/reset", { host: "evil.example" })).resume();
    (await ask("POST", "/_emulator/reset", { origin: "https://evil.example" })).resume();
    expect((await fixture.rest("GET", "/v1/rooms/room")).status).toBe(200);
  });

  test("the call machine for every page of this machine, since daily-js fetches it from there", async () => {
    const bundle = await fetch(`${fixture.emulator.url}/call-machine/call-machine-object-bundle.js`, {
      headers: { origin: "http://localhost:3000" },
    });
    expect(bundle.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("nothing else of the disk", async () => {
    for (const path of [
      "/call-machine/../package.json",
      "/call-machine/%2e%2e/package.json",
      "/call-machine/__proto__",
      "/call-machine/",
    ]) {
      const refused = await ask("GET", path, {});
      expect([refused.statusCode, (await bodyOf(refused)).detail]).toEqual([
        404,
        "The call machine has no such file.",
      ]);
    }
  });

  test.each([
    ["origin", "/signalling", { origin: "https://evil.example" }],
    ["origin", "/signalling", { origin: "null" }],
    ["host", "/signalling", { host: "evil.example" }],
    ["path", "/elsewhere", {}],
    ["path", "/v1/rooms", {}],
    ["path", "/_emulator/state", {}],
  ])("no socket with a foreign %s: %s %o", async (reason, path, headers) => {
    const socket = new WebSocket(`${fixture.emulator.url.replace("http", "ws")}${path}`, { headers });
    const [error] = await once(socket, "error");
    expect(String(error)).toMatch(/403/);
    expect(fixture.logged).toHaveBeenCalledWith({ event: "signalling.refused", level: "warn", reason });
  });
});

describe("what is refused outside of Daily's API is refused in this project's shape", () => {
  const PROBLEM = "application/problem+json";

  test.each([
    ["GET", "/nowhere", 404, "not_found"],
    ["POST", "/", 404, "not_found"],
    ["GET", "/_emulator", 404, "not_found"],
    ["GET", "/_emulator/nowhere", 404, "not_found"],
    ["GET", "/_emulator/__proto__", 404, "not_found"],
    ["GET", "/_emulator/faults", 405, "method_not_allowed"],
    ["GET", "/_emulator/reset", 405, "method_not_allowed"],
    ["POST", "/_emulator/state", 405, "method_not_allowed"],
    ["GET", "/call-machine/nothing.js", 404, "not_found"],
  ])("%s %s", async (method, path, status, code) => {
    const response = await fetch(`${fixture.emulator.url}${path}`, { method });
    expect([response.status, response.headers.get("content-type")]).toEqual([status, PROBLEM]);
    expect(await response.json()).toMatchObject({ code, status, detail: expect.any(String) });
  });

  test.each([
    ["faults", "{", 400, "invalid_json"],
    ["faults", "{}", 422, "invalid_request"],
    ["faults", '{"fault":"ghost","ms":"long"}', 422, "invalid_request"],
    ["rate-limits", '{"enabled":"yes"}', 422, "invalid_request"],
    ["rate-limits", '{"enabled":true,"perSecond":1}', 422, "invalid_request"],
    ["rate-limits", "x".repeat(65_537), 413, "body_too_large"],
  ])("POST /_emulator/%s with %.30s", async (path, body, status, code) => {
    const response = await fetch(`${fixture.emulator.url}/_emulator/${path}`, { method: "POST", body });
    expect([response.status, response.headers.get("content-type")]).toEqual([status, PROBLEM]);
    expect(await response.json()).toMatchObject({ code });
  });
});

describe("the emulator's own routes", () => {
  test("state tells who is where, reset ends it", async () => {
    await fixture.newRoom("room");
    const client = await fixture.join("room", { ud: "bot-1", u: "Bot" });
    expect((await fixture.rest("GET", "/_emulator/state")).body).toEqual({
      rooms: [
        { name: "room", participants: [{ session_id: client.id, user_id: "bot-1", user_name: "Bot" }] },
      ],
      sockets: 1,
    });
    const closed = client.closed();
    await fixture.rest("POST", "/_emulator/reset");
    expect(await closed).toBe(1000);
    await expect
      .poll(async () => (await fixture.rest("GET", "/_emulator/state")).body)
      .toEqual({ rooms: [], sockets: 0 });
  });

  test("state also tells who is left in a room that has expired", async () => {
    await fixture.newRoom("room");
    const client = await fixture.join("room");
    await fixture.rest("POST", "/v1/rooms/room", { properties: { exp: 1 } });
    expect((await fixture.rest("GET", "/v1/rooms")).body.total_count).toBe(0);
    expect((await fixture.rest("GET", "/_emulator/state")).body).toMatchObject({
      rooms: [{ name: "room", participants: [{ session_id: client.id }] }],
    });
    client.say({ type: "leave" });
    await client.closed();
    expect((await fixture.rest("GET", "/_emulator/state")).body.rooms).toEqual([]);
  });

  test("faults are answered with what they are, and logged", async () => {
    const ordered = await fixture.rest("POST", "/_emulator/faults", { fault: "rest", status: 500 });
    expect(ordered).toEqual({ status: 200, body: { fault: "rest", status: 500, count: 1 } });
    expect(fixture.logged).toHaveBeenCalledWith({ event: "emulator.fault", fault: "rest" });
  });

  test("more REST faults than can wait are a conflict", async () => {
    const fault = { fault: "rest", status: 500 };
    for (let n = 0; n < 100; n++) await fixture.rest("POST", "/_emulator/faults", fault);
    expect(await fixture.rest("POST", "/_emulator/faults", fault)).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
  });

  test("while the signalling is cut no socket is taken, and afterwards it is", async () => {
    await fixture.rest("POST", "/_emulator/faults", { fault: "dropSignalling", ms: 3_600_000 });
    const socket = new WebSocket(`${fixture.emulator.url.replace("http", "ws")}/signalling`);
    await once(socket, "error");
    expect(fixture.logged).toHaveBeenCalledWith({
      event: "signalling.refused",
      level: "warn",
      reason: "fault",
    });
    await fixture.rest("POST", "/_emulator/reset");
    await fixture.connect();
  });

  test("a reset sets the rate limits back to how the emulator was started: on", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await using emulator = await startLimited();
    const call = async (method: string, path: string, body?: string) =>
      (await fetch(`${emulator.url}${path}`, { method, headers: WITH_KEY, ...(body ? { body } : {}) }))
        .status;
    await call("POST", "/_emulator/rate-limits", '{"enabled":false}');
    for (let n = 0; n < 101; n++) expect(await call("GET", "/v1/")).toBe(200);
    await call("POST", "/_emulator/reset");
    for (let n = 0; n < 100; n++) expect(await call("GET", "/v1/")).toBe(200);
    expect(await call("GET", "/v1/")).toBe(429);
  });

  test("close cuts everybody off, frees the port, and may be called again", async () => {
    await fixture.newRoom("room");
    const client = await fixture.join("room");
    const idle = connect(Number(new URL(fixture.emulator.url).port), "127.0.0.1");
    await once(idle, "connect");
    const closed = Promise.all([client.closed(), once(idle, "close")]);
    await Promise.all([fixture.emulator.close(), fixture.emulator.close()]);
    await closed;
    await expect(fetch(fixture.emulator.url)).rejects.toThrow();
  });

  test("close does not wait for a peer that was refused a socket and keeps its end open", async () => {
    const peer = connect({ port: Number(new URL(fixture.emulator.url).port), allowHalfOpen: true });
    onTestFinished(() => void peer.destroy());
    peer.write(
      "GET /elsewhere HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    const [answer] = await once(peer, "data");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 403 /);
    await fixture.emulator.close();
  });

  test("no token and no message is in the log", async () => {
    await fixture.newRoom("room");
    const client = await fixture.join("room");
    client.say({ type: "app-message", to: "*", data: "a secret" });
    client.socket.close();
    await vi.waitFor(() => {
      expect(fixture.logged).toHaveBeenCalledWith(expect.objectContaining({ event: "participant.left" }));
    });
    const lines = JSON.stringify(fixture.logged.mock.calls);
    expect(lines).not.toMatch(/eyJ|secret|emulated-daily-key/);
  });
});
