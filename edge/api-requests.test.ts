import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, inject, test } from "vitest";
import { StartSignal } from "../protocol/bot-host.ts";
import { app } from "./app.ts";
import { clientOf } from "./testing/callers.ts";
import { useCapturedLogs } from "./testing/captured-logs.ts";
import { get, ORIGIN } from "./testing/edge-client.ts";
import { refuse, useFakeUpstreams } from "./testing/fake-upstreams.ts";
import { openIdProvider } from "./testing/openid-provider.ts";
import { PRODUCTION } from "./testing/production.ts";
import { type AskedService, drive } from "./testing/requests/drive.ts";
import type { Answer, SentRequest } from "./testing/requests/exchange.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** How many requests are made: `API_REQUESTS` of the environment, for a longer look. */
    apiRequests: number;
    /** Which ones: `API_SEED`. */
    apiSeed: number;
  }
}

const REQUESTS = inject("apiRequests");
const SEED = inject("apiSeed");
/** One of so many requests may begin a session, up to as many as the campaign may. */
const REQUESTS_PER_SESSION = 10;
const MAX_SESSIONS = Math.min(500, REQUESTS / REQUESTS_PER_SESSION);
/** Those of the second half have as many sessions as they may before the run begins. */
const USERS = 32;
/** The default of MAX_SESSIONS_PER_USER. */
const SESSIONS_PER_USER = 3;
const TIMEOUT_MS = 300_000;

const fakes = useFakeUpstreams();
useCapturedLogs();

const tokens = Array.from({ length: USERS }, (_, user) => `the-token-of-user-${user}-with-32-characters`);
const API_TOKENS = tokens.map((token, user) => `user-${user}:${token}`).join(",");

/** Calls that sessions make meanwhile, such as to delete their rooms, must not have the answer that a start is to have. */
function noRoomIsMade(): Response {
  const call = fakes.daily.at(-1);
  if (call?.method === "POST" && call.path === "/v1/rooms") return Response.json({}, { status: 403 });
  fakes.dailyAnswers.unshift(noRoomIsMade);
  return Response.json({});
}

const NO_SIGNAL: Partial<StartSignal> = {};

function noSignalIsTaken(): Response {
  const call = fakes.host.at(-1);
  const { sessionId, attempt } =
    call?.method === "POST" ? StartSignal.parse(JSON.parse(call.text)) : NO_SIGNAL;
  if (attempt === 1) return Response.json({}, { status: 503 });
  fakes.hostAnswers.unshift(noSignalIsTaken);
  return Response.json({ active: 1, capacity: 8, stopped: true, sessionId, attempt });
}

type TestedService = AskedService & { settings: Record<string, string> | undefined };

test("whatever is asked of any route is answered as the OpenAPI document promises", {
  timeout: TIMEOUT_MS,
}, async () => {
  const provider = await openIdProvider();
  const services: TestedService[] = [
    {
      name: "open",
      share: 10,
      users: 0,
      open: true,
      works: true,
      tokens: [],
      fails: [],
      settings: undefined,
    },
    {
      name: "closed",
      share: 7,
      users: USERS,
      open: false,
      works: true,
      tokens,
      fails: [],
      settings: { API_TOKENS },
    },
    {
      name: "production",
      share: 2,
      users: USERS,
      open: true,
      works: false,
      tokens,
      fails: [],
      settings: { ...PRODUCTION, API_TOKENS },
    },
    {
      name: "misconfigured",
      share: 2,
      users: 0,
      open: false,
      works: false,
      tokens: [],
      fails: ["misconfigured"],
      settings: { APP_ENV: "production" },
    },
    {
      name: "without its provider",
      share: 3,
      users: 1,
      open: false,
      works: false,
      tokens: [await provider.token()],
      fails: ["auth_unavailable"],
      settings: provider.settings,
    },
  ];
  await fill(tokens.slice(USERS / 2));

  const send = async (request: SentRequest, trouble: string): Promise<Answer> => {
    if (trouble === "hosts are full") fakes.hostAnswers.push(noSignalIsTaken);
    if (trouble === "Daily refuses") fakes.dailyAnswers.push(noRoomIsMade);
    if (request.service === "without its provider") fakes.keysAnswers.push(refuse(500));
    try {
      return await answerOf(
        await fetchFrom(
          services.find(({ name }) => name === request.service),
          request,
        ),
      );
    } finally {
      for (const answers of [fakes.hostAnswers, fakes.dailyAnswers, fakes.keysAnswers]) answers.length = 0;
    }
  };
  const driven = await drive(
    {
      document: await (await get("/openapi.json")).json(),
      services,
      origins: { allowed: ["https://app.example.com"], foreign: ["https://evil.example", "null"] },
      rooms: ["http://daily.test/one", "http://daily.test/two", "http://daily.test/three"],
      maxBodyBytes: 2_000_000,
      headerCharacters: "ascii",
      withheld: [],
      unreachable: [],
      send,
      linkTokenOf: async (sessionId) =>
        fakes.signals().findLast((signal) => signal.sessionId === sessionId)?.link.token,
    },
    { seed: SEED, requests: REQUESTS, maxSessions: MAX_SESSIONS },
  );
  expect(driven.failure, `API_SEED=${SEED} API_REQUESTS=${REQUESTS}`).toBeUndefined();
  expect(driven.missing, driven.coverage.table()).toEqual([]);
  expect(driven.begun).toBeLessThanOrEqual(MAX_SESSIONS);
});

/** Has these users begin as many sessions as they may have. */
async function fill(users: readonly string[]): Promise<void> {
  const service = clientOf({ API_TOKENS });
  for (const token of users) {
    for (let count = 0; count < SESSIONS_PER_USER; count++) {
      expect((await service.start({ token })).status).toBe(201);
    }
  }
}

/** The service as it is configured through the Worker's own entry, others through the app with their settings. */
async function fetchFrom(service: TestedService | undefined, request: SentRequest): Promise<Response> {
  const { method, target, headers, body } = request;
  const init = {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    ...(body === undefined ? {} : { body: body.byteLength > 100_000 ? new Blob([body]).stream() : body }),
  };
  if (service?.settings === undefined) return exports.default.fetch(`${ORIGIN}${target}`, init);
  const settings = { ...env, ...service.settings };
  return app.fetch(new Request(`${ORIGIN}${target}`, init), settings, createExecutionContext());
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers, webSocket } = response;
  if (webSocket) {
    webSocket.accept();
    webSocket.close(1000, "seen");
    return { status, headers, text: "" };
  }
  return { status, headers, text: await response.text() };
}
