import type { webcrypto } from "node:crypto";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostHealth, StartAccepted, type StartSignal } from "../protocol/bot-host.ts";
import { DEV_SIGNING_KEY } from "../protocol/development.ts";
import type { EndReason } from "../protocol/session.ts";
import { publicKeys, type SigningKey, signRequest } from "../protocol/signing.ts";
import type { Door } from "./admission/door.ts";
import type { BotRuntimeEvent } from "./log-events.ts";
import { MAX_BODY_BYTES } from "./request-body.ts";
import { type RunningServer, startServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import { FakeRoomHost } from "./testing/fake-room.ts";
import { startSignal } from "./testing/start-signal.ts";

let server: RunningServer;
let sessions: Sessions;
let roomHost: FakeRoomHost;
let started: StartSignal[];
let logged: BotRuntimeEvent[];
let strain: { door: Door["kind"]; lagMs: number };

beforeEach(async () => {
  started = [];
  logged = [];
  roomHost = new FakeRoomHost();
  strain = { door: "open", lagMs: 12 };
  sessions = new Sessions({
    capacity: 2,
    door: () => strain.door,
    createBot: (signal) => {
      started.push(signal);
      const { promise, resolve } = Promise.withResolvers<EndReason>();
      return { stop: resolve, ended: promise };
    },
  });
  server = await startServer({
    host: "127.0.0.1",
    port: 0,
    trustedKeys: publicKeys(DEV_SIGNING_KEY),
    sessions,
    roomHost,
    strain,
    headersTimeoutMs: 100,
    unhandledRejections: () => 3,
    vad: () => ({ runtime: "native", windows: 50, batches: 10, windowsLost: 0, threadRestarts: 1 }),
    turns: { turns: 4, responseMs: 3_000, interruptions: 1, interruptionMs: 250, muteSteps: { nudge: 5 } },
    log: (event) => logged.push(event),
  });
});
afterEach(async () => {
  await server.close();
});

interface Call {
  method?: string;
  path?: string;
  body?: string | undefined;
  /** What is signed, where it differs from what is sent. */
  signed?: Partial<{ method: string; path: string; body: string }>;
  authorization?: string | undefined;
  contentType?: string;
  key?: SigningKey;
}

async function call(options: Call = {}) {
  const { method = "POST", path = "/sessions", contentType = "application/json" } = options;
  const body = "body" in options ? options.body : JSON.stringify(startSignal());
  const signed = { method, path, body: body ?? "", ...options.signed };
  const authorization =
    "authorization" in options
      ? options.authorization
      : await signRequest(options.key ?? DEV_SIGNING_KEY, signed);
  const response = await fetch(server.url + path, {
    method,
    headers: { "content-type": contentType, ...(authorization ? { authorization } : {}) },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: (text ? JSON.parse(text) : {}) as Json };
}

type Json = Record<string, unknown>;

async function refused(options: Call, status: number, code: string): Promise<Json> {
  const { status: gotStatus, headers, json } = await call(options);
  expect({ status: gotStatus, code: json.code }).toEqual({ status, code });
  expect(headers.get("content-type")).toBe("application/problem+json");
  expect(json.detail).toEqual(expect.any(String));
  return json;
}

describe("POST /sessions", () => {
  it("takes a signed start signal, and the same again", async () => {
    const first = await call();
    expect(first.status).toBe(202);
    expect(StartAccepted.parse(first.json)).toEqual({
      sessionId: "session-1",
      attempt: 1,
      active: 1,
      capacity: 2,
    });
    expect((await call()).status).toBe(202);
    expect(started).toHaveLength(1);
    expect(started[0]).toMatchObject({ token: "meeting-token", language: "en-US" });
  });

  it("sends a call elsewhere while the machine is strained, and says when to come again", async () => {
    strain.door = "shut";
    const { status, headers, json } = await call();
    expect(status).toBe(503);
    expect(json).toMatchObject({ code: "no_capacity", retryable: true });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(started).toEqual([]);
  });

  it("refuses what the edge has not signed, and learns nothing from it", async () => {
    const body = JSON.stringify(startSignal());
    const { d: _, ...publicPart } = DEV_SIGNING_KEY;
    const forged = (await crypto.subtle.generateKey("Ed25519", true, ["sign"])) as webcrypto.CryptoKeyPair;
    const { x = "", d = "" } = await crypto.subtle.exportKey("jwk", forged.privateKey);
    await refused({ authorization: undefined }, 401, "unauthorized");
    await refused({ authorization: "Bearer nonsense" }, 401, "unauthorized");
    await refused({ authorization: "Basic abc" }, 401, "unauthorized");
    await refused({ key: { ...publicPart, x, d } }, 401, "unauthorized");
    await refused({ body, signed: { body: `${body} ` } }, 401, "unauthorized");
    await refused({ signed: { path: "/sessions?x=1" } }, 401, "unauthorized");
    await refused({ signed: { method: "DELETE" } }, 401, "unauthorized");
    await refused({ authorization: undefined, body: "{ nonsense" }, 401, "unauthorized");
    expect(started).toEqual([]);
  });

  it("refuses a signed request that was used before", async () => {
    const body = JSON.stringify(startSignal());
    const authorization = await signRequest(DEV_SIGNING_KEY, { method: "POST", path: "/sessions", body });
    expect((await call({ body, authorization })).status).toBe(202);
    await refused({ body, authorization }, 401, "unauthorized");
  });

  it("refuses bodies that are no start signal", async () => {
    await refused({ contentType: "text/plain" }, 415, "unsupported_media_type");
    await refused({ body: "{ nonsense" }, 400, "invalid_json");
    await refused({ body: undefined }, 400, "invalid_json");
    const { errors } = await refused(
      { body: JSON.stringify({ ...startSignal(), attempt: 0, language: "tlh" }) },
      422,
      "invalid_request",
    );
    expect(errors).toEqual([
      { path: "attempt", message: expect.any(String) },
      { path: "language", message: expect.any(String) },
    ]);
    expect(started).toEqual([]);
  });

  it("refuses a body that is too large, with a length or without", async () => {
    const body = "x".repeat(MAX_BODY_BYTES + 1);
    await refused({ body }, 413, "body_too_large");
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    });
    const response = await fetch(`${server.url}/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect(response.status).toBe(413);
  });

  it("refuses an older attempt", async () => {
    await call({ body: JSON.stringify(startSignal({ attempt: 2 })) });
    await refused({}, 409, "attempt_outdated");
  });

  it("says when it is full or draining, and when to come back", async () => {
    await call({ body: JSON.stringify(startSignal({ sessionId: "a" })) });
    await call({ body: JSON.stringify(startSignal({ sessionId: "b" })) });
    expect(await refused({}, 503, "no_capacity")).toMatchObject({ retryable: true });
    sessions.drain();
    const { headers, status } = await call();
    expect(status).toBe(503);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    await refused({}, 503, "draining");
  });
});

describe("DELETE /sessions/:id", () => {
  const remove = (path: string, options: Call = {}) =>
    call({ method: "DELETE", path, body: undefined, ...options });

  it("stops a bot and frees its place, as often as one likes", async () => {
    await call();
    expect((await remove("/sessions/session-1?attempt=1")).json).toEqual({
      stopped: true,
      active: 1,
      capacity: 2,
    });
    await expect.poll(() => sessions.load.active).toBe(0);
    expect((await remove("/sessions/session-1")).json).toEqual({ stopped: false, active: 0, capacity: 2 });
  });

  it("leaves a newer attempt alone", async () => {
    await call({ body: JSON.stringify(startSignal({ attempt: 3 })) });
    expect((await remove("/sessions/session-1?attempt=2")).json).toMatchObject({ stopped: false });
  });

  it("obeys the edge only, for exactly what it signed", async () => {
    await call();
    const path = "/sessions/session-1?attempt=1";
    for (const options of [{ authorization: undefined }, { signed: { path: "/sessions/session-1" } }]) {
      expect((await remove(path, options)).status).toBe(401);
    }
    expect((await remove("/sessions/session-1?attempt=one")).json).toMatchObject({ code: "invalid_request" });
    expect(sessions.load.active).toBe(1);
  });
});

describe("GET", () => {
  it("tells its health to anybody", async () => {
    const health = async () => {
      const response = await fetch(`${server.url}/health`);
      return { httpStatus: response.status, ...HostHealth.parse(await response.json()) };
    };
    expect(await health()).toEqual({
      httpStatus: 200,
      status: "ok",
      draining: false,
      active: 0,
      capacity: 2,
    });
    strain.door = "shut";
    expect(await health()).toMatchObject({ httpStatus: 200, status: "degraded", draining: false });
    strain.door = "open";
    sessions.drain();
    expect(await health()).toMatchObject({ httpStatus: 200, status: "degraded", draining: true });
    roomHost.ready = false;
    expect(await health()).toMatchObject({ httpStatus: 503, status: "down" });
  });

  it("gives its figures as Prometheus reads them", async () => {
    await call();
    sessions.stop("session-1");
    await expect.poll(() => sessions.load.active).toBe(0);
    const response = await fetch(`${server.url}/metrics`);
    const text = await response.text();
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    expect(text).toContain("# TYPE chat_vrd_bots_active gauge\nchat_vrd_bots_active 0\n");
    expect(text).toContain("chat_vrd_bots_started_total 1\n");
    expect(text).toContain('chat_vrd_bots_ended_total{reason="stopped"} 1\n');
    expect(text).toContain("chat_vrd_bridge_frames_lost_total 0\n");
    expect(text).toContain('chat_vrd_door{state="open"} 1\n');
    expect(text).toContain("chat_vrd_loop_lag_seconds 0.012\n");
    expect(text).toContain("chat_vrd_unhandled_rejections_total 3\n");
    expect(text).toContain('chat_vrd_vad_model{model="silero_native"} 1\n');
    expect(text).toContain("chat_vrd_vad_windows_total 50\n");
    expect(text).toContain("chat_vrd_turns_total 4\n");
    expect(text).toContain('chat_vrd_mute_steps_total{step="nudge"} 5\n');
    expect(text).toContain('chat_vrd_mute_steps_total{step="told"} 0\n');
    expect(text).toContain("chat_vrd_turn_response_seconds_total 3\n");
    expect(text).toContain("chat_vrd_interruption_seconds_total 0.25\n");
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[a-z_]+"\})? [\d.e+-]+)$/);
    }
  });
});

describe("everything else", () => {
  it("is not there, or not allowed so", async () => {
    await refused({ path: "/" }, 404, "not_found");
    await refused({ path: "/sessions/a/b", method: "DELETE", body: undefined }, 404, "not_found");
    await refused({ path: "/sessions", method: "PUT" }, 405, "method_not_allowed");
    await refused({ path: "/sessions/a", method: "POST" }, 405, "method_not_allowed");
    await refused({ path: "/metrics" }, 405, "method_not_allowed");
  });

  it("logs refusals without path, query or token", async () => {
    await call({
      path: "/sessions/secret-id?x=secret",
      method: "DELETE",
      body: undefined,
      authorization: undefined,
    });
    expect(logged).toEqual([
      expect.objectContaining({ event: "request.refused", route: "/sessions", code: "unauthorized" }),
    ]);
    expect(JSON.stringify(logged)).not.toContain("secret");
  });

  function rawSocket(text: string) {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(text);
    return socket;
  }

  it("does not wait long for a caller that never finishes its headers", async () => {
    const socket = rawSocket("POST /sessions HTTP/1.1\r\nhost: x\r\n");
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString();
    });
    await new Promise((resolve) => socket.on("close", resolve));
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it("does not take a caller that goes away within its body for a fault of its own", async () => {
    const socket = rawSocket(
      "POST /sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n{",
    );
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await expect
      .poll(() => logged)
      .toEqual([{ event: "request.abandoned", level: "warn", method: "POST", route: "/sessions" }]);
  });

  it("survives what is no HTTP at all", async () => {
    const socket = rawSocket("\u0000\u0001 nonsense\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve).resume());
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});
