import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { ProblemError } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import { hungUp, readBody } from "../common/body.ts";
import { isLoopbackHost, isLoopbackOrigin, listenOnLoopback } from "../common/loopback.ts";
import { Domain } from "./core/domain.ts";
import { findBuilt } from "./find-built.ts";
import { dailyError, json, problemReply, type Reply, send } from "./http.ts";
import type { Log } from "./log-events.ts";
import { handleRest, type RestContext } from "./rest.ts";
import { Connection } from "./signalling.ts";

/** The largest signalling message, in bytes; the largest that is allowed holds an SDP. */
const MAX_MESSAGE_BYTES = 262_144;

const CALL_MACHINE = "call-machine-object-bundle.js";
const CALL_MACHINE_FILES: Record<string, string> = {
  [CALL_MACHINE]: "text/javascript; charset=utf-8",
  [`${CALL_MACHINE}.map`]: "application/json",
};

export interface DailyEmulatorOptions {
  /** 0 takes a free one. */
  port: number;
  /** Signs meeting tokens and opens the REST API. */
  apiKey?: string;
  domainId?: string;
  /** The start of room URLs, without a slash at the end, when it is not the address listened on. */
  publicUrl?: string;
  /** Silent by default. */
  log?: Log;
}

export interface DailyEmulator {
  /** `http://127.0.0.1:8788`: REST below `/v1`, the call machine below `/call-machine`. */
  readonly url: string;
  /** Cuts everybody off and frees the port. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts Daily in a box.
 * @throws the system's error when the port cannot be had (`EADDRINUSE`).
 */
export async function startDailyEmulator(options: DailyEmulatorOptions): Promise<DailyEmulator> {
  const { apiKey = EMULATED_DAILY.apiKey, domainId = EMULATED_DAILY.domainId, log = () => {} } = options;
  const domain = new Domain({ apiKey, domainId });
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });

  const url = await listenOnLoopback(server, options.port);
  const { domainName } = EMULATED_DAILY;
  const publicUrl = options.publicUrl ?? url;
  const rest: RestContext = { domain, domainName, domainId, apiKey, publicUrl, log };

  server.on("request", (request, response) => {
    answer(request, rest, sockets).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        if (hungUp(request)) return;
        if (error instanceof ProblemError) {
          send(response, problemReply(error));
          return;
        }
        const method = request.method ?? "";
        const path = pathOf(request);
        log({ event: "request.failed", level: "error", method, path, error: describeError(error) });
        send(response, dailyError("server-error", "The emulator failed; its log says why."));
      },
    );
  });
  server.on("upgrade", (request, socket, head) => {
    const reason = refuseUpgrade(request);
    if (reason) {
      log({ event: "signalling.refused", level: "warn", reason });
      refuse(socket);
    } else {
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        new Connection({ socket: webSocket, domain, log });
      });
    }
  });

  let closing: Promise<void> | undefined;
  const close = async () => {
    // Cut off and not sent out: to the pages this is a server that went away.
    for (const socket of sockets.clients) socket.terminate();
    domain.reset();
    const closed = once(server, "close");
    server.close();
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

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

async function answer(request: IncomingMessage, rest: RestContext, sockets: WebSocketServer): Promise<Reply> {
  const path = pathOf(request);
  const method = request.method ?? "GET";
  if (!isLoopbackHost(request.headers.host)) {
    return dailyError("forbidden-error", "The emulator answers to localhost only.");
  }
  if (method === "GET" && path.startsWith("/call-machine/")) {
    return callMachine(path.slice("/call-machine/".length));
  }
  if (!isLoopbackOrigin(request.headers.origin)) {
    return dailyError("forbidden-error", "The emulator answers to pages of this machine only.");
  }
  const body = await readBody(request);
  if (path === "/v1" || path.startsWith("/v1/")) {
    const { authorization, "content-type": contentType } = request.headers;
    return handleRest(rest, {
      method,
      path: path.slice("/v1".length) || "/",
      authorization,
      contentType,
      body,
    });
  }
  switch (`${method} ${path}`) {
    case "GET /":
      return plain("Daily in a box: REST below /v1, the call machine below /call-machine.");
    case "GET /_emulator/state":
      return json(200, state(rest.domain, sockets));
    case "POST /_emulator/reset":
      rest.domain.reset();
      for (const socket of sockets.clients) socket.close();
      rest.log({ event: "emulator.reset" });
      return json(200, { reset: true });
  }
  if (method === "GET" && rest.domain.room(path.slice(1))) {
    return plain(
      "This is a room of Daily in a box. Join it with daily-js; there is no page for people here.",
    );
  }
  return dailyError("not-found", "There is no such room or resource.");
}

const plain = (text: string): Reply => ({
  status: 200,
  body: { text: `${text}\n`, contentType: "text/plain; charset=utf-8" },
});

/** Read at each request, so that a rebuilt bundle is served without a restart. */
async function callMachine(file: string): Promise<Reply> {
  const contentType = Object.hasOwn(CALL_MACHINE_FILES, file) ? CALL_MACHINE_FILES[file] : undefined;
  const folder = findBuilt("call-machine");
  const text = contentType && folder ? await readFile(join(folder, file)).catch(() => undefined) : undefined;
  if (!contentType || !text) {
    const info = contentType ? "The call machine is not built: run `npm run build`." : "No such file.";
    return { ...dailyError("not-found", info), headers: { "access-control-allow-origin": "*" } };
  }
  // daily-js fetches this from whatever origin its page has.
  const headers = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  };
  return { status: 200, headers, body: { text, contentType } };
}

/** What tests ask: who is where, and is nothing left. */
function state(domain: Domain, sockets: WebSocketServer) {
  const rooms = domain.rooms.map(({ name }) => ({
    name,
    participants: (domain.meeting(name)?.participants ?? []).map(({ sessionId, userId, userName }) => ({
      session_id: sessionId,
      user_id: userId,
      user_name: userName,
    })),
  }));
  return { rooms, sockets: sockets.clients.size };
}

function refuseUpgrade(request: IncomingMessage): "path" | "host" | "origin" | null {
  if (pathOf(request) !== "/signalling") return "path";
  if (!isLoopbackHost(request.headers.host)) return "host";
  return isLoopbackOrigin(request.headers.origin) ? null : "origin";
}

function refuse(socket: Duplex): void {
  // A peer that is gone already must not end the process.
  socket.on("error", () => socket.destroy());
  socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
}
