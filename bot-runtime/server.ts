import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type HostHealth, StartSignal } from "../protocol/bot-host.ts";
import { asProblem, ProblemError } from "../protocol/errors.ts";
import { describeError, type Log } from "../protocol/log.ts";
import { parseJson } from "../protocol/parse.ts";
import { createRequestVerifier, type TrustedKeys } from "../protocol/signing.ts";
import type { Strain } from "./admission/strain.ts";
import type { BotRuntimeEvent } from "./log-events.ts";
import type { TurnSums } from "./measures/turn-summary.ts";
import { METRICS_CONTENT_TYPE, renderMetrics } from "./metrics.ts";
import { readBody } from "./request-body.ts";
import type { RoomHost } from "./room/room.ts";
import type { Sessions } from "./sessions.ts";
import type { SileroStats } from "./vad/silero.ts";

/** What a slow or silent caller may take. A start signal is small and comes from one place. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** Node looks only so often whether a caller is too slow; its default of 30 s would be the real timeout. */
const TIMEOUT_CHECK_MS = 1_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 512;

export interface ServerOptions {
  host: string;
  /** 0 picks a free one. */
  port: number;
  trustedKeys: TrustedKeys;
  sessions: Sessions;
  roomHost: Pick<RoomHost, "ready" | "stats">;
  strain: Pick<Strain, "door" | "lagMs">;
  headersTimeoutMs?: number;
  /** Signed requests that pass within their lifetime of about a minute; each is remembered so long. */
  maxSignedRequests?: number;
  unhandledRejections(): number;
  vad(): SileroStats;
  turns: Readonly<TurnSums>;
  log: Log<BotRuntimeEvent>;
}

export interface RunningServer {
  url: string;
  /** Takes no connections any more and cuts those there are. */
  close(): Promise<void>;
}

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** @throws Error when the address cannot be listened on. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS } = options;
  const handle = createHandler(options);
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => void handle(request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: () => close(server) };
}

function createHandler(options: ServerOptions) {
  const { log } = options;
  const route = createRoutes(options);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? "";
    let reply: Reply;
    try {
      reply = await route(request);
    } catch (thrown) {
      // The caller went away within its body: no fault of ours, and there is nobody to answer.
      if (thrown === request.errored) {
        log({ event: "request.abandoned", level: "warn", ...describeRequest(request) });
        return;
      }
      const problem = asProblem(thrown);
      logRefusal(log, request, problem, thrown);
      reply = {
        status: problem.status,
        headers: problem.toHeaders(),
        body: JSON.stringify(problem.toProblem()),
      };
    }
    if (response.destroyed) return;
    // A body that was not read to its end would be taken for the next request.
    if (!request.complete) response.setHeader("connection", "close");
    response.writeHead(reply.status, { "cache-control": "no-store", ...reply.headers });
    response.end(method === "HEAD" ? undefined : reply.body);
  };
}

/** The API of a bot host, top to bottom. */
function createRoutes({ trustedKeys, sessions, roomHost, ...options }: ServerOptions) {
  const { maxSignedRequests: maxRemembered, unhandledRejections, vad, turns, strain } = options;
  const verify = createRequestVerifier(trustedKeys, { maxRemembered });

  return async (request: IncomingMessage): Promise<Reply> => {
    const target = request.url ?? "/";
    const [path = "/", query = ""] = target.split("?", 2);
    const sessionId = /^\/sessions\/([A-Za-z0-9_-]{1,64})$/.exec(path)?.[1];

    if (path === "/sessions") {
      allow(request, ["POST"]);
      requireJson(request);
      const body = await readBody(request);
      await verify(request.headers.authorization, { method: "POST", path: target, body });
      return json(202, sessions.start(parseJson(StartSignal, body)));
    }
    if (sessionId !== undefined) {
      allow(request, ["DELETE"]);
      const body = await readBody(request);
      await verify(request.headers.authorization, { method: "DELETE", path: target, body });
      return json(200, sessions.stop(sessionId, attemptOf(query)));
    }
    if (path === "/health") {
      allow(request, ["GET", "HEAD"]);
      const health: HostHealth = { ...sessions.load, status: status(), draining: sessions.draining };
      return json(health.status === "down" ? 503 : 200, health);
    }
    if (path === "/metrics") {
      allow(request, ["GET", "HEAD"]);
      const { load, draining, counts } = sessions;
      const measured = {
        load,
        draining,
        counts,
        room: roomHost.stats(),
        strain: { door: strain.door, lagMs: strain.lagMs },
        unhandledRejections: unhandledRejections(),
        vad: vad(),
        turns,
      };
      return {
        status: 200,
        headers: { "content-type": METRICS_CONTENT_TYPE },
        body: renderMetrics(measured),
      };
    }
    throw new ProblemError("not_found", `There is nothing at ${path.slice(0, 100)}.`);
  };

  function status(): HostHealth["status"] {
    if (!roomHost.ready) return "down";
    return sessions.draining || strain.door === "shut" ? "degraded" : "ok";
  }
}

function allow(request: IncomingMessage, methods: readonly string[]): void {
  if (methods.includes(request.method ?? "")) return;
  throw new ProblemError("method_not_allowed", `Only ${methods.join(" and ")} is allowed here.`);
}

function requireJson(request: IncomingMessage): void {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw new ProblemError("unsupported_media_type", "The content type has to be application/json.");
}

/** @throws ProblemError `invalid_request` when `attempt` is there and is no positive whole number. */
function attemptOf(query: string): number | undefined {
  const text = new URLSearchParams(query).get("attempt");
  if (text === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const message = "must be a positive whole number";
  throw new ProblemError("invalid_request", `attempt: ${message}`, {
    errors: [{ path: "attempt", message }],
  });
}

function json(status: number, value: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** Paths of clients are not logged: they may be anything. The route says enough. */
function describeRequest(request: IncomingMessage): { method: string; route: string } {
  const method = (request.method ?? "").slice(0, 10);
  const route = `/${(request.url ?? "").split(/[/?]/)[1] ?? ""}`.slice(0, 20);
  return { method, route };
}

function logRefusal(
  log: Log<BotRuntimeEvent>,
  request: IncomingMessage,
  problem: ProblemError,
  thrown: unknown,
): void {
  const { method, route } = describeRequest(request);
  if (problem.code === "internal") {
    log({ event: "request.failed", level: "error", method, route, detail: describeError(thrown) });
    return;
  }
  const { status, code, message } = problem;
  log({ event: "request.refused", level: "warn", method, route, status, code, detail: message });
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
