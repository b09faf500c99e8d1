import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { type Fixture, startFixture } from "./test-fixture.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

/** `fetch` sets its own Host, so this one is made by hand. */
async function statusWithHost(host: string): Promise<number | undefined> {
  const outgoing = request(`${fixture.emulator.url}/_emulator/state`, { headers: { host } }).end();
  const [incoming] = await once(outgoing, "response");
  incoming.resume();
  return incoming.statusCode;
}

describe("REST", () => {
  test("the domain", async () => {
    expect(await fixture.rest("GET", "/v1/")).toEqual({
      status: 200,
      body: { domain_name: "emulated", domain_id: EMULATED_DAILY.domainId, config: {} },
    });
  });

  test("a room from its creation to its end", async () => {
    const config = { exp: 4_000_000_000, eject_at_room_exp: true, max_participants: 3 };
    const created = await fixture.rest("POST", "/v1/rooms", {
      name: "vrd-1",
      privacy: "private",
      properties: config,
    });
    expect(created).toMatchObject({
      status: 200,
      body: {
        name: "vrd-1",
        privacy: "private",
        api_created: true,
        url: `${fixture.emulator.url}/vrd-1`,
        config,
      },
    });
    expect(await fixture.rest("GET", "/v1/rooms/vrd-1")).toEqual(created);
    expect((await fetch(`${fixture.emulator.url}/vrd-1`)).status).toBe(200);
    expect(await fixture.rest("DELETE", "/v1/rooms/vrd-1")).toEqual({
      status: 200,
      body: { deleted: true, name: "vrd-1" },
    });
    expect(await fixture.rest("GET", "/v1/rooms/vrd-1")).toMatchObject({
      status: 404,
      body: { error: "not-found" },
    });
    expect(await fixture.rest("DELETE", "/v1/rooms/vrd-1")).toMatchObject({ status: 404 });
    expect((await fetch(`${fixture.emulator.url}/vrd-1`)).status).toBe(404);
  });

  test("an expired room is not there, and a DELETE of it says that it is deleted", async () => {
    await fixture.rest("POST", "/v1/rooms", { name: "old", properties: { exp: 1 } });
    expect(await fixture.rest("GET", "/v1/rooms/old")).toMatchObject({ status: 404 });
    expect(await fixture.rest("DELETE", "/v1/rooms/old")).toMatchObject({
      status: 404,
      body: { deleted: true },
    });
  });

  test("an empty body makes a room with a name of its own", async () => {
    const { body } = await fixture.rest("POST", "/v1/rooms");
    expect(body).toMatchObject({ name: expect.stringMatching(/^\w{20}$/), privacy: "public", config: {} });
  });

  test.each([
    ["an unknown property", "/v1/rooms", { properties: { enable_chatt: true } }],
    ["a name that is taken", "/v1/rooms", { name: "taken" }],
    ["an array", "/v1/rooms", []],
    ["an unknown field of eject", "/v1/rooms/taken/eject", { userIds: ["x"] }],
  ])("%s is 400 invalid-request-error", async (_name, path, body) => {
    await fixture.newRoom("taken");
    expect(await fixture.rest("POST", path, body)).toMatchObject({
      status: 400,
      body: { error: "invalid-request-error", info: expect.any(String) },
    });
  });

  test("what is not JSON, or too long, is refused", async () => {
    expect(await fixture.rest("POST", "/v1/rooms", "{")).toMatchObject({
      status: 400,
      body: { error: "json-parsing-error" },
    });
    const typed = await fixture.rest("POST", "/v1/rooms", "{}", { "content-type": "text/plain" });
    expect(typed).toMatchObject({ status: 400, body: { error: "invalid-request-error" } });
    const long = await fixture.rest("POST", "/v1/rooms", `"${"x".repeat(5_000_000)}"`);
    expect(long).toMatchObject({ status: 413, body: { error: "invalid-request-error" } });
  });

  test("the key is asked for, in Daily's two ways", async () => {
    const wrong = await fixture.rest("GET", "/v1/", undefined, { authorization: "Bearer wrong" });
    expect(wrong).toMatchObject({ status: 401, body: { error: "authentication-error" } });
    const none = await fixture.rest("GET", "/v1/", undefined, { authorization: "" });
    expect(none).toMatchObject({ status: 400, body: { error: "authorization-header-error" } });
  });

  test.each([
    ["GET", "/v1/meetings"],
    ["PUT", "/v1/rooms"],
    ["GET", "/v1/rooms/a/b/c"],
    ["POST", "/v1/rooms/nowhere/eject"],
    ["GET", "/v1/rooms/nowhere/presence"],
    ["GET", "/nowhere"],
  ])("%s %s is 404", async (method, path) => {
    expect((await fixture.rest(method, path)).status).toBe(404);
  });

  test("presence, and eject by user id", async () => {
    await fixture.newRoom("room");
    const client = await fixture.join("room", { ud: "bot-1", u: "Bot" });
    const { body } = await fixture.rest("GET", "/v1/rooms/room/presence");
    expect(body).toMatchObject({
      total_count: 1,
      data: [{ room: "room", id: client.id, userId: "bot-1", userName: "Bot", duration: 0 }],
    });
    const closed = client.closed();
    const ejected = await fixture.rest("POST", "/v1/rooms/room/eject", { user_ids: ["bot-1", "nobody"] });
    expect(ejected.body).toEqual({ ejectedIds: [client.id] });
    expect((await client.hears("fatal")).error.type).toBe("ejected");
    await closed;
    expect((await fixture.rest("GET", "/v1/rooms/room/presence")).body).toEqual({ total_count: 0, data: [] });
  });
});

describe("who is served", () => {
  test("only requests that call this machine by a loopback name", async () => {
    expect(await statusWithHost("evil.example")).toBe(403);
    expect(await statusWithHost("localhost:1")).toBe(200);
  });

  test("no page of another site, but for the call machine itself", async () => {
    const origin = "https://evil.example";
    expect((await fixture.rest("GET", "/v1/", undefined, { origin })).status).toBe(403);
    expect((await fixture.rest("POST", "/_emulator/reset", undefined, { origin })).status).toBe(403);
    expect((await fixture.rest("GET", "/v1/", undefined, { origin: "http://localhost:3000" })).status).toBe(
      200,
    );
    const bundle = await fetch(`${fixture.emulator.url}/call-machine/call-machine-object-bundle.js`, {
      headers: { origin },
    });
    expect(bundle.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("nothing else of the disk", async () => {
    for (const path of [
      "/call-machine/../package.json",
      "/call-machine/%2e%2e/package.json",
      "/call-machine/",
    ]) {
      expect((await fetch(`${fixture.emulator.url}${path}`)).status).toBe(404);
    }
  });

  test.each([
    ["origin", "/signalling", { origin: "https://evil.example" }],
    ["host", "/signalling", { host: "evil.example" }],
    ["path", "/elsewhere", {}],
  ])("no signalling with a foreign %s", async (reason, path, headers) => {
    const socket = new WebSocket(`${fixture.emulator.url.replace("http", "ws")}${path}`, { headers });
    const [error] = await once(socket, "error");
    expect(String(error)).toMatch(/403/);
    expect(fixture.logged).toHaveBeenCalledWith({ event: "signalling.refused", level: "warn", reason });
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
