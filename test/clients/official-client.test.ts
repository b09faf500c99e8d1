import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { DailyCallOptions } from "@daily-co/daily-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asProblem, type ErrorCodeOf, ProblemError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/parse.ts";
import { ConnectReply, StartReply, StartRequest } from "../../protocol/session.ts";
import { NEWEST_TRANSPORT, type TransportVersion } from "../support/client-bundle.ts";
import { loadClient } from "../support/client-without-media.ts";

/** What an app on the official client gets of each of our replies to a start: what it shows, and where it goes. */

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

let server: Server;
let reply: Reply;
let asked: string[];

beforeEach(async () => {
  // The client reads the name of the browser from it.
  vi.stubGlobal("window", { navigator: { userAgent: "an app" } });
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
    response.writeHead(reply.status, reply.headers).end(JSON.stringify(reply.body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function endpoint(path: string): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}${path}`;
}

function rendering(problem: ProblemError): Reply {
  return { status: problem.status, headers: problem.toHeaders(), body: problem.toProblem() };
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

const newest = loadClient(NEWEST_TRANSPORT);

describe("a start that the edge refuses, seen by client-js 1.13.1", () => {
  it("is that release", () => {
    expect(newest.versions).toEqual({ transport: "1.6.9", client: "1.13.1" });
  });

  const cases = Object.entries(REFUSALS).map(([code, refusal]) => {
    const problem = asProblem(refusal());
    return { code, status: problem.status, problem };
  });

  it("has every status of the table", () => {
    expect([...new Set(cases.map(({ status }) => status))].toSorted()).toEqual([
      400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 502, 503,
    ]);
  });

  it.each(cases)(
    "$status ($code): the app shows our sentence and is disconnected",
    async ({ code, problem }) => {
      reply = rendering(problem);
      expect(problem.code).toBe(code);
      const detail = problem.message;
      const start = newest.start({ endpoint: endpoint("/api/rtvi/start"), requestData: { metadata: {} } });
      const error = await start.over.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );

      expect(error).toBeInstanceOf(newest.StartBotError);
      expect(error).toMatchObject({ message: detail, status: reply.status });
      expect(start.errors).toEqual([{ message: detail, fatal: true }]);
      expect(start.states).toEqual([
        "initializing",
        "initialized",
        "authenticating",
        "disconnecting",
        "disconnected",
      ]);
      expect(start.replies).toEqual([]);
      expect(start.joins).toEqual([]);
      // Once: the client tries nothing again by itself, and a refusal costs the edge no more than this.
      expect(asked).toEqual(["POST /api/rtvi/start application/json"]);
    },
  );
});

/** The reply has to be as it is declared, down to the last field. */
const startReply = StartReply.strict().parse({
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

const connectReply = ConnectReply.strict().parse({
  room_url: startReply.room_url,
  token: startReply.token,
} satisfies ConnectReply);

/** Options of Daily's `join()`: a field of ours with such a name would be acted on there, not ignored. */
type NoOptionOfDaily = { [Option in keyof DailyCallOptions]?: never } & Record<string, unknown>;

const CREATED = { status: 201, headers: { "content-type": "application/json" } };

/**
 * What each release makes of a reply. The React Native transport (1.5.0 and 1.8.0 were looked at) has the same code:
 * `room_url` before `dailyRoom` becomes `url`, `dailyToken` goes before `token`, and all the rest goes to `join()`.
 */
describe.each<{ transport: TransportVersion; client: string }>([
  { transport: "1.4.1", client: "1.4.1" },
  { transport: "1.5.0", client: "1.5.0" },
  { transport: "1.6.0", client: "1.6.1" },
  { transport: "1.6.9", client: "1.13.1" },
])("a start that succeeds, with transport $transport and client-js $client", ({ transport, client }) => {
  const released = loadClient(transport);

  it("is that release", () => {
    expect(released.versions).toEqual({ transport, client });
  });

  it("the reply of a start leads into the room, with the caller's token", async () => {
    reply = { ...CREATED, body: startReply };
    const start = released.start({ endpoint: endpoint("/api/rtvi/start") });
    await start.over;

    const { room_url: url, token, ...others } = startReply;
    const ignored = others satisfies NoOptionOfDaily;
    expect(start.joins).toStrictEqual([{ url, token, ...ignored }]);
    expect(start.replies).toEqual([startReply]);
    expect(start.errors).toEqual([]);
    expect(start.states).toEqual([
      "initializing",
      "initialized",
      "authenticating",
      "authenticated",
      "connecting",
      "connected",
      "ready",
    ]);
    expect(asked).toEqual(["POST /api/rtvi/start application/json"]);
  });

  it("the reply of a connect is an address and a token, and nothing that an old daily-js would refuse", async () => {
    reply = { ...CREATED, body: connectReply };
    const start = released.start({ endpoint: endpoint("/connect") });
    await start.over;
    expect(start.joins).toStrictEqual([{ url: connectReply.room_url, token: connectReply.token }]);
  });
});
