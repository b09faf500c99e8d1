import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { Writable } from "node:stream";
import { GoogleGenAI } from "@google/genai";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { createGoogleLiveConnect, type GoogleLiveOptions } from "./google-live-connect.ts";
import type { LiveConnectError, LiveEnd } from "./live-connect.ts";
import type { ServerMessage } from "./server-message.ts";

const KEY = "secret-key+/=";
const SETUP = {
  model: "gemini-3.8-live",
  language: "fr-FR",
  voice: "Kore",
  systemInstruction: "Sois bref.",
} as const;

interface Peer {
  socket: WebSocket;
  request: IncomingMessage;
  received: unknown[];
  /** As Google does it: binary frames of JSON. */
  send(message: unknown): void;
}

/** A server that says nothing by itself but `setupComplete`, unless told not to. */
class Server {
  readonly peers: Peer[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer, onSetup: (peer: Peer) => void) {
    this.#server = server;
    server.on("connection", (socket, request) => {
      const send = (message: unknown) => socket.send(Buffer.from(`${JSON.stringify(message, null, 2)}\n`));
      const peer: Peer = { socket, request, received: [], send };
      this.peers.push(peer);
      socket.on("message", (data) => {
        const message: unknown = JSON.parse(data.toString());
        peer.received.push(message);
        if (typeof message === "object" && message && "setup" in message) onSetup(peer);
      });
    });
  }

  static async start(onSetup: (peer: Peer) => void, verify?: () => boolean): Promise<Server> {
    const options = { host: "127.0.0.1", port: 0, ...(verify ? { verifyClient: verify } : {}) };
    const server = new WebSocketServer(options);
    await new Promise((resolve) => server.once("listening", resolve));
    return new Server(server, onSetup);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get peer(): Peer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error("Nobody has connected.");
    return peer;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#server.clients.size;
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What writes into it throws. */
function deepFreeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner) deepFreeze(inner);
  return Object.freeze(value);
}

const accept = (peer: Peer) => peer.send({ setupComplete: {} });

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(...args: Parameters<typeof Server.start>): Promise<Server> {
  const server = await Server.start(...args);
  servers.push(server);
  return server;
}

function client(server: Server, options: Partial<GoogleLiveOptions> = {}) {
  const messages: ServerMessage[] = [];
  const malformed: string[] = [];
  const ends: LiveEnd[] = [];
  const abort = new AbortController();
  const connect = createGoogleLiveConnect({
    apiKey: KEY,
    baseUrl: server.url,
    ...options,
  } as GoogleLiveOptions); // spreading a union forgets which of them it is
  const events = {
    message: (message: ServerMessage) => messages.push(message),
    malformed: (detail: string) => malformed.push(detail),
    ended: (end: LiveEnd) => ends.push(end),
  };
  return { messages, malformed, ends, abort, connect: () => connect(SETUP, events, abort.signal) };
}

/** The error that a connect is refused with. */
async function refusal(connecting: Promise<unknown>): Promise<LiveConnectError> {
  return connecting.then(
    () => expect.fail("It connected."),
    (thrown) => thrown as LiveConnectError,
  );
}

describe("createGoogleLiveConnect", () => {
  it("sets the conversation up as the model needs it", async () => {
    const server = await serve(accept);
    const connection = await client(server).connect();
    expect(server.peer.request.url).toContain("google.ai.generativelanguage.v1beta.GenerativeService");
    expect(server.peer.request.headers["sec-websocket-extensions"]).toBeUndefined();
    expect(server.peer.received).toEqual([
      {
        setup: {
          model: "models/gemini-3.8-live",
          generationConfig: {
            responseModalities: ["AUDIO"],
            speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
          },
          systemInstruction: { parts: [{ text: "Sois bref." }], role: "user" },
          inputAudioTranscription: { languageCodes: ["fr-FR"] },
          outputAudioTranscription: {},
          sessionResumption: {},
          contextWindowCompression: { slidingWindow: {} },
        },
      },
    ]);
    connection.close();
  });

  it("sends audio and text in Gemini's words", async () => {
    const server = await serve(accept);
    const connection = await client(server).connect();
    expect(connection.sendAudio(Int16Array.of(1, -2))).toBe(true);
    connection.sendAudioPause();
    connection.sendContent([{ role: "user", text: "Hello" }], true);
    await expect
      .poll(() => server.peer.received.slice(1))
      .toEqual([
        {
          realtimeInput: {
            audio: {
              data: Buffer.from([1, 0, 254, 255]).toString("base64"),
              mimeType: "audio/pcm;rate=16000",
            },
          },
        },
        { realtimeInput: { audioStreamEnd: true } },
        { clientContent: { turns: [{ role: "user", parts: [{ text: "Hello" }] }], turnComplete: true } },
      ]);
    connection.close();
  });

  it("delivers messages in order, also those that come with the setup", async () => {
    const server = await serve((peer) => {
      accept(peer);
      peer.send({ serverContent: { outputTranscription: { text: "a" } }, unknownField: 1 });
      peer.send({ serverContent: { outputTranscription: { text: "b" }, turnComplete: true } });
    });
    const { connect, messages } = client(server);
    const connection = await connect();
    await expect
      .poll(() => messages)
      .toEqual([
        { setupComplete: {} },
        { serverContent: { outputTranscription: { text: "a" } } },
        { serverContent: { outputTranscription: { text: "b" }, turnComplete: true } },
      ]);
    connection.close();
  });

  it("survives malformed messages, before and after the setup, and reports each", async () => {
    const rejections: unknown[] = [];
    const onRejection = (thrown: unknown) => rejections.push(thrown);
    process.on("unhandledRejection", onRejection);
    const server = await serve((peer) => {
      peer.socket.send("{ nonsense");
      accept(peer);
      peer.socket.send(Buffer.from([0xff, 0xfe]));
      peer.socket.send("[1]");
      peer.send({ serverContent: { turnComplete: "yes" } });
      peer.send({ serverContent: { turnComplete: true } });
    });
    const { connect, messages, malformed } = client(server);
    const connection = await connect();
    await expect.poll(() => messages.at(-1)).toEqual({ serverContent: { turnComplete: true } });
    expect(malformed).toHaveLength(4);
    expect(malformed[0]).toBe("not JSON");
    expect(malformed[3]).toContain("serverContent.turnComplete");
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onRejection);
    expect(rejections).toEqual([]);
    connection.close();
  });

  it("is refused with Gemini's reason, and without the key", async () => {
    const reason = `API key not valid: ${KEY} (${encodeURIComponent(KEY)})`;
    const server = await serve((peer) => peer.socket.close(1007, reason));
    const { connect, ends } = client(server);
    const error = await refusal(connect());
    expect(error.failure).toMatchObject({ kind: "closed", code: 1007 });
    expect(error.message).toContain("1007");
    expect(error.message).toContain("API key not valid: <key> (<key>)");
    expect(JSON.stringify([error, error.cause, error.stack])).not.toContain("secret-key");
    expect(ends).toEqual([]);
  });

  it("is refused by a handshake that fails", async () => {
    const server = await serve(accept, () => false);
    const error = await refusal(client(server).connect());
    expect(error).toMatchObject({
      failure: { kind: "status", status: 401 },
      message: expect.stringContaining("401"),
    });
  });

  it("gives up on a server that accepts no setup, and leaves no socket", async () => {
    const server = await serve(() => {});
    const { connect, ends } = client(server, { connectDeadlineMs: 100 });
    expect(await refusal(connect())).toMatchObject({ failure: { kind: "deadline" } });
    await expect.poll(() => server.open).toBe(0);
    expect(ends).toEqual([]);
  });

  it("stops connecting when it is told to, and leaves no socket", async () => {
    const server = await serve(() => {});
    const { connect, abort } = client(server);
    const connecting = refusal(connect());
    await expect.poll(() => server.peers[0]?.received.length).toBe(1);
    abort.abort();
    expect(await connecting).toMatchObject({ failure: { kind: "aborted" } });
    await expect.poll(() => server.open).toBe(0);
    expect(await refusal(connect())).toMatchObject({ failure: { kind: "aborted" } });
  });

  it("tells how a live connection ended, once", async () => {
    const server = await serve(accept);
    const { connect, ends } = client(server);
    const connection = await connect();
    server.peer.socket.close(1011, "Internal error encountered.");
    await expect
      .poll(() => ends)
      .toEqual([{ kind: "closed", code: 1011, reason: "Internal error encountered." }]);
    expect(connection.sendAudio(new Int16Array(320))).toBe(false);
    connection.sendContent([{ role: "user", text: "nobody hears this" }], true);
    connection.close();
    expect(ends).toHaveLength(1);
  });

  it("tells of a broken connection", async () => {
    const server = await serve(accept);
    const { connect, ends } = client(server);
    await connect();
    server.peer.socket.terminate();
    await expect.poll(() => ends).toEqual([{ kind: "closed", code: 1006, reason: "" }]);
  });

  it("says nothing of an end of its own making, nor of what comes after", async () => {
    const server = await serve(accept);
    const { connect, ends, messages } = client(server);
    const connection = await connect();
    const { peer } = server;
    connection.close();
    connection.close();
    peer.send({ serverContent: { turnComplete: true } });
    await expect.poll(() => server.open).toBe(0);
    expect(ends).toEqual([]);
    expect(messages).toEqual([{ setupComplete: {} }]);
  });

  it("delivers nothing more once it is closed, not even what has already arrived", async () => {
    const server = await serve(accept);
    const seen: ServerMessage[] = [];
    const connect = createGoogleLiveConnect({ apiKey: KEY, baseUrl: server.url });
    const events = {
      message(message: ServerMessage) {
        seen.push(message);
        if (message.serverContent) connection.close();
      },
      malformed() {},
      ended() {},
    };
    const connection = await connect(SETUP, events, new AbortController().signal);
    const { peer } = server;
    // One piece of TCP, so that the second message is there while the first is being dealt with.
    const frame = Buffer.from('{"serverContent":{"interrupted":true}}');
    const header = Buffer.from([0x82, frame.length]);
    const { _socket: tcp } = peer.socket as unknown as { _socket: Writable };
    tcp.write(Buffer.concat([header, frame, header, frame]));
    await expect.poll(() => server.open).toBe(0);
    expect(seen).toEqual([{ setupComplete: {} }, { serverContent: { interrupted: true } }]);
  });

  it("leaves no socket when the SDK refuses its own configuration, which it does after opening one", async () => {
    const server = await serve(accept);
    const connect = createGoogleLiveConnect({ apiKey: KEY, baseUrl: server.url });
    const events = { message() {}, malformed() {}, ended() {} };
    const connecting = connect({ ...SETUP, model: "a..b" }, events, new AbortController().signal);
    expect(await refusal(connecting)).toMatchObject({ failure: { kind: "other" } });
    expect(server.peers).toHaveLength(1);
    await expect.poll(() => server.open).toBe(0);
  });

  it("says nothing into a connection that is closed, where the SDK would take it in silence", async () => {
    const server = await serve(accept);
    const connection = await client(server).connect();
    connection.close();
    connection.sendRealtimeText("nobody hears this");
    connection.sendTurnStart();
    connection.sendTurnEnd();
    connection.sendToolResults([{ id: "1", name: "look", response: {} }]);
    connection.ping();
    await expect.poll(() => server.open).toBe(0);
    expect(server.peer.received).toHaveLength(1);
  });

  it("sends marks of turns, texts and results in Gemini's words", async () => {
    const server = await serve(accept);
    const connection = await client(server).connect();
    connection.sendTurnStart();
    connection.sendTurnEnd();
    connection.sendRealtimeText("Hello");
    connection.sendContent([{ role: "model", text: "Hi" }], false);
    connection.sendToolResults([{ id: "1", name: "look", response: { seen: 1 } }]);
    await expect
      .poll(() => server.peer.received.slice(1))
      .toEqual([
        { realtimeInput: { activityStart: {} } },
        { realtimeInput: { activityEnd: {} } },
        { realtimeInput: { text: "Hello" } },
        { clientContent: { turns: [{ role: "model", parts: [{ text: "Hi" }] }], turnComplete: false } },
        { toolResponse: { functionResponses: [{ id: "1", name: "look", response: { seen: 1 } }] } },
      ]);
    connection.close();
  });

  it("sets each connection up by itself, whatever the SDK writes into its configuration", async () => {
    const server = await serve(accept);
    const connect = createGoogleLiveConnect({ apiKey: KEY, baseUrl: server.url });
    const events = { message() {}, malformed() {}, ended() {} };
    const tools = [{ name: "look", description: "Looks.", parameters: { type: "OBJECT", properties: {} } }];
    const setup = deepFreeze({ ...SETUP, tools, handle: "h", manualTurns: true, initialHistory: true });
    for (let i = 0; i < 2; i += 1) {
      (await connect(setup, events, new AbortController().signal)).close();
    }
    const [first, second] = server.peers.map(({ received }) => received[0]);
    expect(second).toEqual(first);
    expect(first).toMatchObject({
      setup: {
        tools: [{ functionDeclarations: [{ name: "look" }] }],
        sessionResumption: { handle: "h" },
        realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
        // The SDK has no such setting: it is put into its first frame.
        historyConfig: { initialHistoryInClientContent: true },
      },
    });
  });

  it("answers a ping, and says goodbye with a closing handshake that hands over what is on its way", async () => {
    const server = await serve(accept);
    const pongs: number[] = [];
    const messages: ServerMessage[] = [];
    const events = {
      message: (message: ServerMessage) => messages.push(message),
      malformed() {},
      pong: () => pongs.push(1),
      ended: () => expect.fail("It was our end."),
    };
    const connect = createGoogleLiveConnect({ apiKey: KEY, baseUrl: server.url });
    const connection = await connect(SETUP, events, new AbortController().signal);
    connection.ping();
    await expect.poll(() => pongs).toHaveLength(1);
    server.peer.socket.once("close", (code) => messages.push({ usageMetadata: { totalTokenCount: code } }));
    const retired = connection.retire();
    server.peer.send({ serverContent: { turnComplete: true } });
    server.peer.send({ sessionResumptionUpdate: { newHandle: "h", resumable: true } });
    await retired;
    await expect.poll(() => server.open).toBe(0);
    expect(messages.slice(1)).toContainEqual({
      sessionResumptionUpdate: { newHandle: "h", resumable: true },
    });
    expect(messages).toContainEqual({ usageMetadata: { totalTokenCount: 1000 } });
    expect(messages).not.toContainEqual({ serverContent: { turnComplete: true } });
  });

  it("does not wait for a dead peer's goodbye once it is closed", async () => {
    const server = await serve(accept);
    const connection = await client(server).connect();
    server.peer.socket.pause();
    const retired = connection.retire();
    connection.close();
    await retired;
  });

  it("leaves audio out when a peer does not read, and calls it dead after 5 s", async () => {
    const server = await serve(accept);
    const { connect, ends } = client(server, { maxBufferedBytes: 64 * 1024 });
    const connection = await connect();
    server.peer.socket.pause();
    const pcm = new Int16Array(64_000);
    await vi.waitFor(
      () => {
        let sent = true;
        for (let i = 0; i < 50 && sent; i += 1) sent = connection.sendAudio(pcm);
        expect(sent).toBe(false);
      },
      { interval: 1 },
    );
    expect(ends).toEqual([]);
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 5_000);
    expect(connection.sendAudio(pcm)).toBe(false);
    vi.restoreAllMocks();
    expect(ends).toEqual([{ kind: "stalled", bufferedBytes: expect.any(Number) }]);
    server.peer.socket.resume();
    await expect.poll(() => server.open).toBe(0);
  });
});

describe("the SDK's private parts", () => {
  it("are where we reach for them, in the very version that is installed", () => {
    const { live } = new GoogleGenAI({ apiKey: KEY });
    expect(live).toMatchObject({
      webSocketFactory: { create: expect.any(Function) },
      auth: expect.anything(),
    });
    const { dependencies } = createRequire(import.meta.url)("../../package.json") as {
      dependencies: Record<string, string>;
    };
    // Without a caret: what is private may move with any release.
    expect(dependencies["@google/genai"]).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("are missed at once when they have moved", async () => {
    const server = await serve(accept);
    const spy = vi.spyOn(Object.getPrototypeOf(new GoogleGenAI({ apiKey: KEY }).live), "connect");
    const factory = Object.getOwnPropertyDescriptor(Object.prototype, "webSocketFactory");
    Object.defineProperty(Object.prototype, "webSocketFactory", {
      configurable: true,
      get: () => undefined,
      set() {},
    });
    try {
      const error = await refusal(client(server).connect());
      expect(error.message).toContain("keeps its socket factory elsewhere");
      expect(spy).not.toHaveBeenCalled();
    } finally {
      if (factory) Object.defineProperty(Object.prototype, "webSocketFactory", factory);
      else Reflect.deleteProperty(Object.prototype, "webSocketFactory");
      spy.mockRestore();
    }
  });
});
