/** What the tests over HTTP and WebSocket share: an emulator of their own, and clients of it. */
import { once } from "node:events";
import { SignJWT } from "jose";
import { vi } from "vitest";
import { WebSocket } from "ws";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { startDailyEmulator } from "./server.ts";
import type { ServerMessage } from "./signalling-messages.ts";

interface Answer {
  status: number;
  /** Asserted on by each test. */
  body: Record<string, unknown>;
}

/** Less than vitest gives a test, so that it is told what was waited for. */
const HEARS_WITHIN_MS = 4_000;

/** An emulator with what tests need around it. `close` also cuts off all clients. */
export async function startFixture() {
  const logged = vi.fn();
  const emulator = await startDailyEmulator({ port: 0, log: logged });
  const clients: Client[] = [];

  async function rest(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${EMULATED_DAILY.apiKey}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  }

  async function connect(): Promise<Client> {
    const client = new Client(emulator.url);
    clients.push(client);
    await once(client.socket, "open");
    return client;
  }

  /** Everybody in all rooms, as the emulator tells. */
  async function present(): Promise<{ session_id: string; user_name: string }[]> {
    const { body } = await rest("GET", "/_emulator/state");
    const rooms = body.rooms as { participants: { session_id: string; user_name: string }[] }[];
    return rooms.flatMap(({ participants }) => participants);
  }

  const sockets = async () => (await rest("GET", "/_emulator/state")).body.sockets;

  return {
    emulator,
    logged,
    rest,
    connect,

    newRoom: (name: string) => rest("POST", "/v1/rooms", { name, privacy: "private" }),

    presentIds: async () => (await present()).map(({ session_id }) => session_id),
    presentNames: async () => (await present()).map(({ user_name }) => user_name),

    /** Open signalling sockets, as the emulator counts them. */
    sockets,

    /** Waits until the emulator counts so many, without a look at vitest's clock, which may be a fake one. */
    async untilSockets(count: number): Promise<void> {
      while ((await sockets()) !== count);
    },

    async join(room: string, claims: Record<string, unknown> = {}) {
      const client = await connect();
      client.say({ type: "hello", room, token: await token(room, claims) });
      await client.hears("welcome");
      client.say({ type: "join", media: { audio: "on", video: "off" } });
      const { you } = await client.hears("joined");
      return Object.assign(client, { id: you.sessionId });
    },

    async close(): Promise<void> {
      for (const { socket } of clients) socket.terminate();
      await emulator.close();
    },
  };
}

export type Fixture = Awaited<ReturnType<typeof startFixture>>;

export function token(room: string, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ r: room, d: EMULATED_DAILY.domainId, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .sign(new TextEncoder().encode(EMULATED_DAILY.apiKey));
}

/** A call machine without a browser. */
export class Client {
  readonly socket: WebSocket;
  readonly heard: ServerMessage[] = [];
  answersPings = true;
  readonly #closed = new AbortController();

  constructor(url: string) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/signalling`);
    this.socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as ServerMessage; // from the server under test
      this.heard.push(message);
      if (message.type === "ping" && this.answersPings) this.say({ type: "pong", heard: 0 });
    });
    this.socket.on("close", () => this.#closed.abort());
    this.socket.on("error", () => {});
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The nth message of a type; fails when the socket closes without it. Waits for events and not with vitest, whose waits move its fake clock on. */
  async hears<Type extends ServerMessage["type"]>(
    type: Type,
    nth = 1,
  ): Promise<Extract<ServerMessage, { type: Type }>> {
    const hopeless = AbortSignal.any([AbortSignal.timeout(HEARS_WITHIN_MS), this.#closed.signal]);
    for (;;) {
      const message = this.heard.filter((candidate) => candidate.type === type)[nth - 1];
      if (message) return message as Extract<ServerMessage, { type: Type }>; // found by its type
      await once(this.socket, "message", { signal: hopeless }).catch(() => {
        throw new Error(`No ${type} among: ${this.heard.map((each) => each.type).join(", ")}`);
      });
    }
  }

  /** The code of the close. */
  async closed(): Promise<number> {
    const [code] = await once(this.socket, "close");
    return code;
  }
}
