import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { asProblem, type ErrorCode, ProblemError } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import { hungUp } from "../common/body.ts";
import { listenOnLoopback, requireLoopback } from "../common/loopback.ts";
import { ApiError, sendJson, statusWord } from "./api-error.ts";
import { control } from "./control.ts";
import { Closes, fitReason } from "./core/closes.ts";
import { type Entry, enter, liveAddress } from "./live-door.ts";
import type { Log } from "./log-events.ts";
import { Registry } from "./registry.ts";
import { rest } from "./rest.ts";
import { EMULATED_VERTEX_TOKEN } from "./settings.ts";

/** Largest message of a client: a minute of 16 kHz sound as base64 JSON, or a very long system instruction. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

const CONTROL_PATH = /^\/_emulator\/(.+)$/;

export interface GeminiEmulatorOptions {
  /** 0 takes a free one. */
  port: number;
  /** The only key that is accepted. */
  apiKey?: string;
  /** Sessions at one time; the next closes as over quota. */
  maxSessions?: number;
  /** Silent by default. */
  log?: Log;
}

export interface GeminiEmulator {
  /** `http://127.0.0.1:PORT`, for `httpOptions.baseUrl` of the official client. */
  url: string;
  /** Closes every session and stops listening. Idempotent. */
  close(): Promise<void>;
}

/**
 * Gemini Live in a box: what the official client needs to hold a conversation, and `/_emulator` to watch it.
 * @throws Error of `listen`, such as EADDRINUSE.
 */
export async function startGeminiEmulator(options: GeminiEmulatorOptions): Promise<GeminiEmulator> {
  const { port, apiKey = EMULATED_GEMINI_KEY, log = () => {}, maxSessions } = options;
  const registry = new Registry(log, maxSessions);
  // Compression would cost four times the CPU of everything else here together.
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  /** Handshakes that a fault lets wait. */
  const waiting = new Set<Duplex>();
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  });

  server.on("request", (request, response) => {
    answer({ registry, apiKey }, request, response).catch((thrown: unknown) => {
      if (hungUp(request)) return;
      // The rest of a body that was refused half-way is not worth waiting for.
      if (!request.complete) response.setHeader("connection", "close");
      sendError(response, { thrown, log, control: CONTROL_PATH.test(splitUrl(request).path) });
    });
  });

  server.on("upgrade", (request, socket, head) => {
    // A connection that was open but silent can still ask while the sessions are being closed.
    if (!server.listening) {
      socket.destroy();
      return;
    }
    socket.on("error", () => {}); // whoever waits may go
    const fault = isLiveAddress(request) ? registry.faults.takeHandshake() : undefined;
    if (fault?.fault === "slowHandshake") {
      const timer = setTimeout(() => upgrade(request, socket, head), fault.ms);
      waiting.add(socket);
      socket.once("close", () => {
        waiting.delete(socket);
        clearTimeout(timer);
      });
    } else upgrade(request, socket, head, fault);
  });

  const upgrade = (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    fault?: ReturnType<Registry["faults"]["takeHandshake"]>,
  ) => {
    waiting.delete(socket);
    if (socket.destroyed) return;
    if (fault?.fault === "resetHandshake") {
      log({ event: "connection.refused", code: 0, reason: "A fault was ordered." });
      socket.destroy();
      return;
    }
    try {
      if (fault?.fault === "refuse") throw new Refusal(fault.status);
      const entry = liveEntry({ registry, apiKey }, request);
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        if (entry.kind === "open") {
          registry.open(webSocket, entry);
          return;
        }
        const refused = { code: entry.close.code, reason: fitReason(entry.close.reason) };
        log({ event: "connection.refused", ...refused });
        webSocket.on("error", () => {}); // ws closes the socket itself
        webSocket.close(refused.code, refused.reason);
      });
    } catch (thrown) {
      const refusal = thrown instanceof Refusal ? thrown : asApiError(thrown, log);
      log({ event: "connection.refused", code: refusal.code, reason: refusal.message });
      refuseUpgrade(socket, refusal.code, refusal.toJson());
    }
  };

  const url = await listenOnLoopback(server, port);

  let closing: Promise<void> | undefined;
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of waiting) socket.destroy();
    await registry.close();
    for (const webSocket of sockets.clients) webSocket.terminate(); // those with a bad key
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

interface Served {
  registry: Registry;
  apiKey: string;
}

async function answer(
  { registry, apiKey }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  requireLoopback(request.headers);
  const { path, query } = splitUrl(request);
  const controlPath = CONTROL_PATH.exec(path)?.[1];
  if (controlPath !== undefined) await control(registry, controlPath, request, response);
  else if (liveAddress(path)) throw new ApiError(426, "This is a WebSocket.");
  else await rest({ apiKey, tokens: registry.tokens }, { path, query }, { request, response });
}

/** The handshake's status, as a fault ordered it. */
class Refusal extends Error {
  readonly code: number;

  constructor(code: number) {
    super("A fault was ordered.");
    this.code = code;
  }

  toJson(): object {
    return { error: { code: this.code, message: this.message, status: statusWord(this.code) } };
  }
}

function isLiveAddress({ url }: IncomingMessage): boolean {
  return liveAddress(splitUrl({ url }).path) !== undefined;
}

/** @throws ApiError */
function liveEntry({ registry, apiKey }: Served, { headers, url }: IncomingMessage): Entry {
  requireLoopback(headers);
  const { path, query } = splitUrl({ url });
  const address = liveAddress(path);
  if (!address) throw new ApiError(404, "There is no such method.");
  const { tokens, badKeyCode } = registry;
  const entry = enter(
    address,
    { headers, query },
    { apiKey, vertexToken: EMULATED_VERTEX_TOKEN, tokens, badKeyCode },
  );
  return entry.kind === "open" && registry.full ? { kind: "close", close: Closes.quota } : entry;
}

/** By hand: `new URL("//ws/…", base)` takes `ws` for the host. */
function splitUrl({ url = "" }: Pick<IncomingMessage, "url">): { path: string; query: URLSearchParams } {
  const [path = "", query = ""] = url.split("?", 2);
  return { path, query: new URLSearchParams(query) };
}

/** Our own endpoints answer as all our programs do, Google's paths as Google does. */
function sendError(
  response: ServerResponse,
  { thrown, log, control }: { thrown: unknown; log: Log; control: boolean },
): void {
  if (control) {
    const problem = asProblem(thrown);
    if (problem.code === "internal") logFailure(thrown, log);
    sendJson(response, problem.status, problem.toProblem(), problem.toHeaders());
  } else {
    const error = asApiError(thrown, log);
    sendJson(response, error.code, error.toJson(), error.toHeaders());
  }
}

/** What our own errors are in Google's terms, where that is not an invalid argument. */
const API_CODES: Partial<Record<ErrorCode, ApiError["code"]>> = { forbidden: 403, body_too_large: 413 };

function asApiError(thrown: unknown, log: Log): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof ProblemError) {
    return new ApiError(API_CODES[thrown.code] ?? 400, thrown.message);
  }
  logFailure(thrown, log);
  return new ApiError(500, Closes.internal.reason);
}

function logFailure(thrown: unknown, log: Log): void {
  log({ event: "request.failed", level: "error", error: describeError(thrown) });
}

function refuseUpgrade(socket: Duplex, status: number, body: object): void {
  const json = JSON.stringify(body);
  socket.on("error", () => {}); // the client may be gone already, which is as good as refused
  // The HTTP server has let go of it: a client that keeps its half open would keep the server from ever closing.
  socket.once("finish", () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(json)}`,
      "connection: close",
      "",
      json,
    ].join("\r\n"),
  );
}
