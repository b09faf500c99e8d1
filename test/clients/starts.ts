/** What a service like ours answers a start with: our refusals, our replies, and a server that gives them. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach } from "vitest";
import { asProblem, type ErrorCodeOf, ProblemError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/parse.ts";
import { ConnectReply, StartReply, StartRequest } from "../../protocol/session.ts";

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

export interface StartServer {
  /** Of the next answers. */
  reply: Reply;
  /** Method, path and type of each request so far. */
  asked: string[];
  endpoint(path: string): string;
}

/** A server for each test of the file. */
export function useStartServer(): StartServer {
  let server: Server;
  const seen: StartServer = {
    reply: { status: 500, headers: {}, body: {} },
    asked: [],
    endpoint(path) {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      return `http://127.0.0.1:${address.port}${path}`;
    },
  };
  beforeEach(async () => {
    seen.asked = [];
    server = createServer((request, response) => {
      seen.asked.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
      response.writeHead(seen.reply.status, seen.reply.headers).end(JSON.stringify(seen.reply.body));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return seen;
}

export function rendering(problem: ProblemError): Reply {
  return { status: problem.status, headers: problem.toHeaders(), body: problem.toProblem() };
}

export function created(body: StartReply | ConnectReply): Reply {
  return { status: 201, headers: { "content-type": "application/json" }, body };
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
}

/** No answer to a start: of a session that is there already, and of the addresses of WebSockets. */
type NotOfAStart = "session_not_found" | "upgrade_required";

/** A code that the edge may answer a start with, and that is not here, does not compile. */
const REFUSALS: Record<Exclude<ErrorCodeOf<"edge">, NotOfAStart>, () => unknown> = {
  invalid_json: () => thrownBy(() => parseJson(StartRequest, "{")),
  unauthorized: () =>
    new ProblemError("unauthorized", "The token has expired.", { challenge: 'Bearer error="invalid_token"' }),
  forbidden: () =>
    new ProblemError("forbidden", "Pages of https://elsewhere.example may not use this service."),
  not_found: () => new ProblemError("not_found", "There is nothing at /api/rtvi/strat."),
  method_not_allowed: () => new ProblemError("method_not_allowed", "This takes GET, not POST."),
  conflict: () => new ProblemError("conflict", "Another session is in this room."),
  session_ended: () => new ProblemError("session_ended", "The session was stopped while it started."),
  body_too_large: () => new ProblemError("body_too_large", "The body may have 65536 bytes at most."),
  unsupported_media_type: () => new ProblemError("unsupported_media_type", "Send application/json."),
  // Several fields: more than one sentence of text, and a list beside it.
  invalid_request: () =>
    thrownBy(() => parseJson(StartRequest, '{"user":{"locale":"tlh"},"transport":"webrtc"}')),
  rate_limited: () =>
    new ProblemError("rate_limited", "Too many starts in this minute.", { retryAfterS: 40 }),
  too_many_sessions: () => new ProblemError("too_many_sessions", "You have 3 sessions already; end one."),
  internal: () => new TypeError("key sk-123 at /srv/app.ts"),
  daily_failed: () => new ProblemError("daily_failed", "Daily refused the room: “exp” is in the past."),
  auth_unavailable: () => new ProblemError("auth_unavailable", "The keys of callers cannot be fetched now."),
  misconfigured: () => new ProblemError("misconfigured", "DAILY_API_KEY is not set."),
  no_capacity: () => new ProblemError("no_capacity", "All bot hosts are full. Try again in a moment."),
};

export const refusals = Object.entries(REFUSALS).map(([code, refusal]) => {
  const problem = asProblem(refusal());
  return { code, status: problem.status, problem };
});

/** The reply has to be as it is declared, down to the last field. */
export const startReply = StartReply.strict().parse({
  sessionId: "0123456789abcdef0123456789abcdef",
  room: { url: "https://example.daily.co/vrd-1", name: "vrd-1" },
  token: "the.callers.token",
  expiresAt: "2030-01-01T00:00:00.000Z",
  rtvi: {
    startEndpoint: "https://edge.example/api/rtvi/start",
    wsEndpoint: "wss://edge.example/api/rtvi/0123456789abcdef0123456789abcdef/events",
  },
  room_url: "https://example.daily.co/vrd-1",
} satisfies StartReply);

export const connectReply = ConnectReply.strict().parse({
  room_url: startReply.room_url,
  token: startReply.token,
} satisfies ConnectReply);
