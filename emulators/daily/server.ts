import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { asProblem, ProblemError } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import { hungUp, readBody } from "../common/body.ts";
import { isLoopbackHost, isLoopbackOrigin, listenOnLoopback, requireLoopback } from "../common/loopback.ts";
import { callMachineFile } from "./call-machine-files.ts";
import { type ControlContext, control } from "./control.ts";
import { Domain } from "./core/domain.ts";
import { Faults } from "./core/faults.ts";
import { RateLimits } from "./core/rate-limits.ts";
import { dailyError, dailyProblem, plain, problemReply, type Reply, send } from "./http.ts";
import type { Log } from "./log-events.ts";
import type { RestContext } from "./rest/context.ts";
import { handleRest } from "./rest/rest.ts";
import { Connection } from "./signalling.ts";
import { HeldSeats } from "./signalling-seat.ts";

/** The largest signalling message, in bytes; the largest that is allowed holds an SDP. */
const MAX_MESSAGE_BYTES = 262_144;

export interface DailyEmulatorOptions {
  /** 0 takes a free one. */
  port: number;
  /** Signs meeting tokens and opens the REST API. */
  apiKey?: string;
  domainId?: string;
  /** The start of room URLs, without a slash at the end, when it is not the address listened on. */
  publicUrl?: string;
  /** Whether the REST API refuses what Daily's rate limits would; off by default. */
  rateLimits?: boolean;
  /** How long the seat of a page whose signalling was cut is kept for its return, in milliseconds; 20 s by default. */
  resumeWithinMs?: number;
  /** Silent by default. */
  log?: Log;
}

export interface DailyEmulator {
  /** `http://127.0.0.1:8788`: REST below `/v1`, the call machine below `/call-machine`. */
  readonly url: string;
  /** Cuts everybody off and frees the port. Idempotent. */
  close(): Promise<void>;
}

interface Serving {
  rest: RestContext;
  control: ControlContext;
}

/**
 * Starts Daily in a box.
 * @throws the system's error when the port cannot be had (`EADDRINUSE`).
 */
export async function startDailyEmulator(options: DailyEmulatorOptions): Promise<DailyEmulator> {
  const { log = () => {}, rateLimits: rateLimitsAtStart = false } = options;
  const { apiKey = EMULATED_DAILY.apiKey, domainId = EMULATED_DAILY.domainId } = options;
  const issuer = { apiKey, domainId };
  const faults = new Faults();
  const rateLimits = new RateLimits(rateLimitsAtStart);
  const domain = new Domain(issuer, faults);
  const seats = new HeldSeats();
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });

  const url = await listenOnLoopback(server, options.port);
  const { domainName } = EMULATED_DAILY;
  const publicUrl = options.publicUrl ?? url;
  const serving: Serving = {
    rest: { domain, faults, rateLimits, issuer, domainName, publicUrl, log },
    control: { domain, sockets, seats, faults, rateLimits, rateLimitsAtStart, log },
  };

  server.on("request", (request, response) => {
    answer(request, serving).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        if (hungUp(request)) return;
        const path = pathOf(request);
        if (!(error instanceof ProblemError)) {
          const method = request.method ?? "";
          log({ event: "request.failed", level: "error", method, path, error: describeError(error) });
        }
        send(response, errorReply(path, error));
      },
    );
  });
  server.on("upgrade", (request, socket, head) => {
    const reason = refuseUpgrade(request, faults);
    if (reason) {
      log({ event: "signalling.refused", level: "warn", reason });
      refuse(socket);
    } else {
      const { resumeWithinMs } = options;
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        new Connection({ socket: webSocket, domain, seats, faults, resumeWithinMs, log });
      });
    }
  });

  let closed: Promise<void> | undefined;
  const close = async () => {
    // First, or a call that a fault delays would outlive this, and the sockets that are cut would leave ghosts.
    faults.clear();
    // Cut off and not sent out: to the pages this is a server that went away.
    for (const socket of sockets.clients) socket.terminate();
    domain.reset();
    seats.clear();
    const ended = once(server, "close");
    server.close();
    server.closeAllConnections();
    await ended;
  };
  return {
    url,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams((request.url ?? "").split("?").slice(1).join("?"));
}

const isRest = (path: string) => path === "/v1" || path.startsWith("/v1/");

/** @throws ProblemError for who is not served, for what is not there, and for what is wrong with a body. */
async function answer(request: IncomingMessage, serving: Serving): Promise<Reply> {
  const path = pathOf(request);
  const method = request.method ?? "GET";
  requireLoopback(request.headers);
  if (method === "GET" && path.startsWith("/call-machine/")) {
    return callMachineFile(path.slice("/call-machine/".length));
  }
  const body = await readBody(request);
  if (isRest(path)) {
    const { authorization, "content-type": contentType } = request.headers;
    return handleRest(serving.rest, {
      method,
      path: path.slice("/v1".length) || "/",
      query: queryOf(request),
      authorization,
      contentType,
      body,
    });
  }
  if (path.startsWith("/_emulator/")) {
    return control(serving.control, { method, path: path.slice("/_emulator/".length), body });
  }
  if (method === "GET" && path === "/") {
    return plain("Daily in a box: REST below /v1, the call machine below /call-machine.");
  }
  if (method === "GET" && serving.rest.domain.room(path.slice(1))) {
    return plain(
      "This is a room of Daily in a box. Join it with daily-js; there is no page for people here.",
    );
  }
  throw new ProblemError("not_found", "There is no such room or resource.");
}

/** Below `/v1` errors look like Daily's, elsewhere like this project's. */
function errorReply(path: string, error: unknown): Reply {
  if (!isRest(path)) return problemReply(asProblem(error));
  if (error instanceof ProblemError) return dailyProblem(error);
  return dailyError("server-error", "The emulator failed; its log says why.");
}

function refuseUpgrade(
  request: IncomingMessage,
  faults: Faults,
): "path" | "host" | "origin" | "fault" | null {
  if (pathOf(request) !== "/signalling") return "path";
  if (!isLoopbackHost(request.headers.host)) return "host";
  if (!isLoopbackOrigin(request.headers.origin)) return "origin";
  return faults.refusesSignalling ? "fault" : null;
}

function refuse(socket: Duplex): void {
  // A peer that is gone already must not end the process.
  socket.on("error", () => socket.destroy());
  // Nobody reads this socket any more, so that its other end is never heard of: `close` would wait for it for ever.
  socket.on("finish", () => socket.destroy());
  socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
}
