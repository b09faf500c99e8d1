import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { ProblemError } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import { hungUp } from "../common/body.ts";
import { isLoopbackHost, isLoopbackOrigin, listenOnLoopback } from "../common/loopback.ts";
import { ApiError, sendJson } from "./api-error.ts";
import { control } from "./control.ts";
import { Closes } from "./core/closes.ts";
import { LIVE_MODELS } from "./core/models.ts";
import type { Log } from "./log-events.ts";
import { Registry } from "./registry.ts";

/** Largest message of a client: a minute of 16 kHz sound as base64 JSON, or a very long system instruction. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** The official client joins its base URL and this path with two slashes. */
const LIVE_PATH =
  /^\/+ws\/google\.ai\.generativelanguage\.(v1|v1alpha|v1beta)\.GenerativeService\.BidiGenerateContent$/;
const MODELS_PATH = /^\/+(?:v1|v1alpha|v1beta)\/models$/;
const CONTROL_PATH = /^\/_emulator\/(.+)$/;

export interface GeminiEmulatorOptions {
  /** 0 takes a free one. */
  port: number;
  /** The only key that is accepted. */
  apiKey?: string;
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
  const { port, apiKey = EMULATED_GEMINI_KEY, log = () => {} } = options;
  const registry = new Registry(log);
  // Compression would cost four times the CPU of everything else here together.
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  });

  server.on("request", (request, response) => {
    answer({ registry, apiKey }, request, response).catch((thrown: unknown) => {
      if (hungUp(request)) return;
      const error = asApiError(thrown, log);
      // The rest of a body that was refused half-way is not worth waiting for.
      if (!request.complete) response.setHeader("connection", "close");
      sendJson(response, error.code, error.toJson());
    });
  });

  server.on("upgrade", (request, socket, head) => {
    // A connection that was open but silent can still ask while the sessions are being closed.
    if (!server.listening) {
      socket.destroy();
      return;
    }
    try {
      const { apiVersion, key } = liveRequest(request, registry);
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        if (key === apiKey) {
          registry.open(webSocket, apiVersion);
          return;
        }
        // Google takes the connection before it looks at the key.
        log({ event: "connection.refused", ...Closes.badKey });
        webSocket.on("error", () => {}); // ws closes the socket itself
        webSocket.close(Closes.badKey.code, Closes.badKey.reason);
      });
    } catch (thrown) {
      const refusal = thrown instanceof Refusal ? thrown : asApiError(thrown, log);
      log({ event: "connection.refused", code: refusal.code, reason: refusal.message });
      refuseUpgrade(socket, refusal.code, refusal.toJson());
    }
  });

  const url = await listenOnLoopback(server, port);

  let closing: Promise<void> | undefined;
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
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

async function answer(
  { registry, apiKey }: { registry: Registry; apiKey: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  requireLoopback(request.headers);
  const { path, query } = splitUrl(request);
  const controlPath = CONTROL_PATH.exec(path)?.[1];
  if (controlPath !== undefined) {
    await control(registry, controlPath, request, response);
  } else if (MODELS_PATH.test(path) && request.method === "GET") {
    const key = request.headers["x-goog-api-key"] ?? query.get("key");
    if (key !== apiKey) throw new ApiError(400, Closes.badKey.reason);
    sendJson(response, 200, { models: LIVE_MODELS.map(describeModel) });
  } else if (LIVE_PATH.test(path)) {
    throw new ApiError(426, "This is a WebSocket.");
  } else {
    throw new ApiError(404, "The emulator has only Live sessions, models and /_emulator.");
  }
}

function describeModel(model: string): object {
  return {
    name: `models/${model}`,
    version: "emulated",
    displayName: `${model} (emulated)`,
    description: "A demo voice that repeats what you say.",
    inputTokenLimit: 131_072,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ["bidiGenerateContent"],
  };
}

/** The handshake's status, as a fault ordered it. */
class Refusal extends Error {
  readonly code: number;

  constructor(code: number) {
    super("A fault was ordered.");
    this.code = code;
  }

  toJson(): object {
    return { error: { code: this.code, message: this.message, status: "UNAVAILABLE" } };
  }
}

/** @throws ApiError, Refusal */
function liveRequest(
  request: IncomingMessage,
  registry: Registry,
): { apiVersion: string; key: string | null } {
  requireLoopback(request.headers);
  const { path, query } = splitUrl(request);
  const apiVersion = LIVE_PATH.exec(path)?.[1];
  if (apiVersion === undefined) throw new ApiError(404, "There is no such method.");
  const ordered = registry.faults.takeRefusal();
  if (ordered !== undefined) throw new Refusal(ordered);
  if (registry.full) throw new ApiError(429, "Too many concurrent sessions.");
  return { apiVersion, key: query.get("key") };
}

/** By hand: `new URL("//ws/…", base)` takes `ws` for the host. */
function splitUrl(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  return { path, query: new URLSearchParams(query) };
}

/** @throws ApiError 403 */
function requireLoopback({ host, origin }: IncomingHttpHeaders): void {
  if (!isLoopbackHost(host)) throw new ApiError(403, "The emulator answers to localhost only.");
  if (!isLoopbackOrigin(origin)) {
    throw new ApiError(403, "The emulator answers to pages of this machine only.");
  }
}

function asApiError(thrown: unknown, log: Log): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof ProblemError) {
    return new ApiError(thrown.code === "body_too_large" ? 413 : 400, thrown.message);
  }
  log({ event: "request.failed", level: "error", error: describeError(thrown) });
  return new ApiError(500, "Internal error encountered.");
}

function refuseUpgrade(socket: Duplex, status: number, body: object): void {
  const json = JSON.stringify(body);
  socket.on("error", () => {}); // the client may be gone already, which is as good as refused
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
