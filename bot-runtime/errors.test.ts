import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEV_SIGNING_KEY } from "../protocol/development.ts";
import { ERRORS, type ErrorCodeOf } from "../protocol/errors.ts";
import type { EndReason } from "../protocol/session.ts";
import { publicKeys, signRequest } from "../protocol/signing.ts";
import { MAX_BODY_BYTES } from "./request-body.ts";
import { type RunningServer, startServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import { FakeRoomHost } from "./testing/fake-room.ts";
import { startSignal } from "./testing/start-signal.ts";

const CAPACITY = 2;
const MAX_SIGNED_REQUESTS = 5;
/** A signal for which making the bot fails, as a bug would. */
const BROKEN_SESSION = "broken";

let server: RunningServer;
let sessions: Sessions;

beforeEach(async () => {
  sessions = new Sessions({
    capacity: CAPACITY,
    createBot: (signal) => {
      if (signal.sessionId === BROKEN_SESSION) throw new Error("insides: sk-123");
      const { promise, resolve } = Promise.withResolvers<EndReason>();
      return { stop: resolve, ended: promise };
    },
  });
  server = await startServer({
    host: "127.0.0.1",
    port: 0,
    trustedKeys: publicKeys(DEV_SIGNING_KEY),
    sessions,
    roomHost: new FakeRoomHost(),
    strain: { door: "open", lagMs: 0 },
    maxSignedRequests: MAX_SIGNED_REQUESTS,
    unhandledRejections: () => 0,
    vad: () => ({ runtime: undefined, windows: 0, batches: 0, windowsLost: 0, threadRestarts: 0 }),
    turns: { turns: 0, responseMs: 0, interruptions: 0, interruptionMs: 0, muteSteps: {} },
    log: () => {},
  });
});
afterEach(async () => {
  await server.close();
  await sessions.close();
});

async function signed(method: string, path: string, body = ""): Promise<Response> {
  const authorization = await signRequest(DEV_SIGNING_KEY, { method, path, body });
  return fetch(server.url + path, {
    method,
    headers: { "content-type": "application/json", authorization },
    ...(body === "" ? {} : { body }),
  });
}

const start = (signal: Parameters<typeof startSignal>[0]) =>
  signed("POST", "/sessions", JSON.stringify(startSignal(signal)));

const send = (body: string, contentType = "application/json") =>
  fetch(`${server.url}/sessions`, { method: "POST", body, headers: { "content-type": contentType } });

/** A code of the table without a way to it here does not compile. */
const WAYS: Record<ErrorCodeOf<"bot">, () => Promise<Response>> = {
  invalid_json: () => signed("POST", "/sessions", "{"),
  unauthorized: () => send("{}"),
  not_found: () => fetch(`${server.url}/nothing`),
  method_not_allowed: () => fetch(`${server.url}/sessions`),
  attempt_outdated: async () => {
    await start({ sessionId: "a", attempt: 2 });
    return start({ sessionId: "a", attempt: 1 });
  },
  body_too_large: () => send("x".repeat(MAX_BODY_BYTES + 1)),
  unsupported_media_type: () => send("{}", "text/plain"),
  invalid_request: () => signed("DELETE", "/sessions/a?attempt=none"),
  rate_limited: async () => {
    for (let n = 0; n < MAX_SIGNED_REQUESTS; n += 1) await signed("DELETE", "/sessions/a");
    return signed("DELETE", "/sessions/a");
  },
  internal: () => start({ sessionId: BROKEN_SESSION }),
  no_capacity: async () => {
    for (let n = 0; n < CAPACITY; n += 1) await start({ sessionId: `taken-${n}` });
    return start({ sessionId: "one-more" });
  },
  draining: async () => {
    sessions.drain();
    return start({ sessionId: "late" });
  },
};

describe("the bot runtime answers", () => {
  it.each(Object.entries(WAYS))("%s", async (code, provoke) => {
    const response = await provoke();
    const { status, title, retryable } = ERRORS[code as ErrorCodeOf<"bot">]; // a key of WAYS
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as { detail: string };
    expect(problem).toMatchObject({ code, status, title, retryable });
    expect(problem.detail).toMatch(/^[A-Za-z].{9,}\.?$/);
    expect(problem.detail).not.toContain("sk-123");
    expect(response.status).toBe(status);
  });
});
