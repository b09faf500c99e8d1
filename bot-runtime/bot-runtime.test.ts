import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { DEV_SIGNING_KEY, EMULATED_GEMINI_KEY } from "../protocol/development.ts";
import { LINK_PING, type LinkReport } from "../protocol/link.ts";
import { signRequest } from "../protocol/signing.ts";
import { type BotRuntime, startBotRuntime } from "./bot-runtime.ts";
import type { BotRuntimeEvent } from "./log-events.ts";
import { readSettings } from "./settings.ts";
import { audioPart } from "./testing/fake-live.ts";
import { CLIENT, FakeRoomHost } from "./testing/fake-room.ts";
import { startSignal } from "./testing/start-signal.ts";

/** The whole program but the browser: real HTTP, a real link, and the real SDK against a server of a few lines. */

interface Served {
  url: string;
  open(): number;
  close(): Promise<void>;
}

async function serve(onSocket: (socket: WebSocket, request: IncomingMessage) => void): Promise<Served> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", onSocket);
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => server.clients.size,
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Accepts every setup, and answers every text with a word and its sound. */
function gemini(socket: WebSocket): void {
  const send = (message: unknown) => socket.send(Buffer.from(JSON.stringify(message)));
  socket.on("message", (data) => {
    const message = JSON.parse(data.toString()) as Record<string, unknown>;
    if (message.setup) send({ setupComplete: {} });
    if (!message.clientContent) return;
    send({
      serverContent: { modelTurn: { parts: [audioPart(200)] }, outputTranscription: { text: "Hello!" } },
    });
    send({ serverContent: { generationComplete: true, turnComplete: true } });
  });
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(settings: Record<string, string> = {}) {
  const reports: LinkReport["report"][] = [];
  const edge = await serve((socket, request) => {
    expect(request.headers.authorization).toBe("Bearer link-token");
    socket.send(JSON.stringify({ type: "room-ready" }));
    socket.on("message", (data) => {
      if (data.toString() === LINK_PING) return;
      const { seq, report } = JSON.parse(data.toString()) as LinkReport;
      reports.push(report);
      socket.send(JSON.stringify({ type: "ack", seq }));
      if (report.kind === "draining") socket.send(JSON.stringify({ type: "hand-over" }));
    });
  });
  closers.push(edge.close);
  const google = await serve(gemini);
  closers.push(google.close);
  const roomHost = new FakeRoomHost();
  const logged: BotRuntimeEvent[] = [];
  const runtime = await startBotRuntime({
    settings: readSettings({
      APP_ENV: "development",
      PORT: "0",
      GEMINI_BASE_URL: `http://${google.url}`,
      ...settings,
    }),
    roomHost,
    log: (event) => logged.push(event),
  });
  closers.push(runtime.close);
  return { runtime, roomHost, edge, google, reports, logged };
}

async function post(runtime: BotRuntime, linkHost: string): Promise<number> {
  const signal = startSignal({
    link: { url: `ws://${linkHost}/internal/sessions/session-1/bot`, token: "link-token" },
  });
  const body = JSON.stringify(signal);
  const authorization = await signRequest(DEV_SIGNING_KEY, { method: "POST", path: "/sessions", body });
  const response = await fetch(`${runtime.url}/sessions`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body,
  });
  return response.status;
}

describe("startBotRuntime", () => {
  it("takes a call from the start signal to its end", async () => {
    const { runtime, roomHost, edge, google, reports, logged } = await setUp();
    expect(logged[0]).toMatchObject({ event: "server.listening", url: runtime.url, gemini: "emulated" });
    expect(await post(runtime, edge.url)).toBe(202);
    await expect.poll(() => reports.map((report) => report.kind)).toEqual(["mark"]);
    const { room } = roomHost;
    room.events.participantJoined(CLIENT);
    const data = { version: "2.1.0", about: { library: "test" } };
    room.events.appMessage({ label: "rtvi-ai", type: "client-ready", id: "1", data }, CLIENT.id);
    await expect.poll(() => room.methods).toEqual(["join", "play"]);
    room.events.playout({ kind: "started", generation: 1 });
    room.events.playout({ kind: "drained", generation: 1, playedMs: 200 });
    await expect.poll(() => reports.at(-1)).toMatchObject({ kind: "transcript", entry: { text: "Hello!" } });

    await runtime.close();
    expect(reports.at(-1)).toEqual({ kind: "ended", reason: "bot_lost" });
    expect(room.closed).toBe(true);
    await expect.poll(() => [edge.open(), google.open()]).toEqual([0, 0]);
    await expect(fetch(`${runtime.url}/health`)).rejects.toThrow();
    expect(JSON.stringify(logged)).not.toMatch(
      new RegExp(`Hello!|link-token|meeting-token|${EMULATED_GEMINI_KEY}`),
    );
  });

  it("drains: takes no call, lets the one there is end by itself, and is done when it has", async () => {
    const { runtime, roomHost, edge, reports, logged } = await setUp({ DRAIN_MS: "60000" });
    expect(await post(runtime, edge.url)).toBe(202);
    await expect.poll(() => reports.map((report) => report.kind)).toEqual(["mark"]);
    let drained = false;
    const draining = runtime.drain().then(() => {
      drained = true;
    });
    const health = await (await fetch(`${runtime.url}/health`)).json();
    expect(health).toMatchObject({ status: "degraded", draining: true, active: 1 });
    expect(await post(runtime, edge.url), "the same call again").toBe(202);
    expect(drained).toBe(false);
    expect(roomHost.room.closed).toBe(false);

    roomHost.room.events.ended({ kind: "ejected" });
    await draining;
    expect(reports.at(-1)).toEqual({ kind: "ended", reason: "stopped" });
    expect(logged.map(({ event }) => event)).not.toContain("server.relieving");
  });

  it("has those relieved that have not ended in time", async () => {
    const { runtime, edge, reports, logged } = await setUp({ DRAIN_MS: "1" });
    expect(await post(runtime, edge.url)).toBe(202);
    await expect.poll(() => reports.map((report) => report.kind)).toEqual(["mark"]);
    await runtime.drain();
    expect(logged).toContainEqual({ event: "server.relieving", active: 1 });
    expect(reports.slice(-2)).toEqual([{ kind: "draining" }, { kind: "handed-over" }]);
  });

  it("waits for no call when it is told not to", async () => {
    const { runtime, roomHost, edge, reports } = await setUp({ DRAIN_MS: "0" });
    expect(await post(runtime, edge.url)).toBe(202);
    await expect.poll(() => reports.map((report) => report.kind)).toEqual(["mark"]);
    await runtime.drain();
    expect(roomHost.room.closed).toBe(false);
  });

  it("says why it cannot listen", async () => {
    const { runtime, roomHost } = await setUp();
    const { port } = new URL(runtime.url);
    const settings = readSettings({ APP_ENV: "development", PORT: port });
    await expect(startBotRuntime({ settings, roomHost, log: () => {} })).rejects.toThrow("EADDRINUSE");
  });
});
