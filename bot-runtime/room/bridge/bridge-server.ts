import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { BridgeRefusal, RoomLog } from "../log-events.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/** 256 bits in base64url. */
const SECRET_BYTES = 32;
const HEADERS_TIMEOUT_MS = 5_000;

const ASSETS = {
  "index.html": "text/html; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "audio.worklet.js": "text/javascript; charset=utf-8",
  "socket.webworker.js": "text/javascript; charset=utf-8",
} as const;

interface Asset {
  contentType: string;
  body: Buffer;
}

export interface BridgeServerOptions {
  /** The built folder with the page's files. */
  assetsFolder: string;
  log: RoomLog;
}

/** One page's right to load the files and to open one socket. */
export interface Admission {
  /** The page's address, with its secret. Never to be logged. */
  readonly url: string;
  /** Ends the right, and the socket with it. */
  revoke(): void;
}

interface Ticket {
  readonly hash: Buffer;
  use:
    | { kind: "expected"; opened(socket: WebSocket): void }
    | { kind: "used"; socket: WebSocket | undefined };
}

/**
 * Serves the page and its socket on loopback. Every page has its own secret as the first part of its paths, so
 * that no other process's page on this machine can get in; Host and Origin are checked besides.
 */
export class BridgeServer {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    clientTracking: true,
  });
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #log: RoomLog;
  readonly #tickets = new Set<Ticket>();
  #host = "";

  /** @throws Error when the page is not built or there is no port */
  static async start({ assetsFolder, log }: BridgeServerOptions): Promise<BridgeServer> {
    const assets = await Promise.all(
      Object.entries(ASSETS).map(
        async ([name, contentType]) =>
          [name, { contentType, body: await readFile(join(assetsFolder, name)) }] as const,
      ),
    );
    const bridge = new BridgeServer(new Map(assets), log);
    await bridge.#listen();
    return bridge;
  }

  private constructor(assets: ReadonlyMap<string, Asset>, log: RoomLog) {
    this.#assets = assets;
    this.#log = log;
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.headersTimeout = HEADERS_TIMEOUT_MS;
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get origin(): string {
    return `http://${this.#host}`;
  }

  /** Lets one page in: `opened` gets its socket. */
  admit(opened: (socket: WebSocket) => void): Admission {
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const ticket: Ticket = { hash: hashOf(secret), use: { kind: "expected", opened } };
    this.#tickets.add(ticket);
    return {
      url: `${this.origin}/${secret}/`,
      revoke: () => {
        this.#tickets.delete(ticket);
        if (ticket.use.kind === "used") ticket.use.socket?.terminate();
      },
    };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#tickets.clear();
    this.#sockets.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new TypeError("The bridge has no port");
    this.#host = `127.0.0.1:${address.port}`;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { ticket, name } = this.#resolve(request);
    const asset = this.#assets.get(name === "" ? "index.html" : name);
    const refusal = this.#refusalOf(request, ticket) ?? (request.method === "GET" ? undefined : "method");
    if (refusal) this.#log({ event: "bridge.refused", level: "warn", reason: refusal });
    if (refusal || !asset) {
      response.writeHead(refusal ? 403 : 404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": asset.contentType,
      "content-length": asset.body.length,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    response.end(asset.body);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener a reset connection would be an uncaught exception.
    socket.on("error", () => socket.destroy());
    const { ticket, name } = this.#resolve(request);
    const refusal =
      this.#refusalOf(request, ticket) ??
      (name !== "socket" ? "secret" : request.headers.origin === this.origin ? undefined : "origin");
    if (refusal || ticket?.use.kind !== "expected") {
      this.#log({ event: "bridge.refused", level: "warn", reason: refusal ?? "used" });
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    const { opened } = ticket.use;
    ticket.use = { kind: "used", socket: undefined };
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      ticket.use = { kind: "used", socket: webSocket };
      opened(webSocket);
    });
  }

  /** A page on another origin that guessed the address fails by Host or Origin, whatever it knows. */
  #refusalOf(request: IncomingMessage, ticket: Ticket | undefined): BridgeRefusal | undefined {
    if (request.headers.host !== this.#host) return "host";
    return ticket ? undefined : "secret";
  }

  #resolve(request: IncomingMessage): { ticket: Ticket | undefined; name: string } {
    const [, secret = "", ...rest] = (request.url ?? "").split("?", 1).join("").split("/");
    const hash = hashOf(secret);
    let found: Ticket | undefined;
    // Every ticket is compared, each in constant time: how long it takes tells nothing.
    for (const ticket of this.#tickets) if (timingSafeEqual(ticket.hash, hash)) found = ticket;
    return { ticket: found, name: rest.join("/") };
  }
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
