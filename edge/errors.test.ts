import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { ERRORS, type ErrorCodeOf } from "../protocol/errors.ts";
import { MAX_BODY_BYTES } from "./http/body.ts";
import { useCapturedLogs } from "./testing/captured-logs.ts";
import { get, post, problemOf, startSession, withSettings } from "./testing/edge-client.ts";
import { held, KEYS_URL, refuse, useFakeUpstreams } from "./testing/fake-upstreams.ts";

const fakes = useFakeUpstreams();
useCapturedLogs();

const NOBODY = "0123456789abcdef0123456789abcdef";
const START = "/api/rtvi/start";
const TOKEN = "a-token-of-this-file";

function send(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return withSettings({}, START, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** A code of the table without a way to it here does not compile. */
const WAYS: Record<ErrorCodeOf<"edge">, () => Promise<Response>> = {
  invalid_json: () => send("{"),
  unauthorized: () => get(`/internal/sessions/${NOBODY}/bot`, { upgrade: "websocket" }),
  forbidden: () => post("/api/rtvi/start", undefined, { origin: "https://elsewhere.example" }),
  not_found: () => get("/nothing"),
  session_not_found: () => get(`/api/rtvi/${NOBODY}`),
  method_not_allowed: () => get("/api/rtvi/start"),
  conflict: async () => {
    const inRoom = { createDailyRoom: false, roomUrl: "http://daily.test/one-for-all" };
    await startSession(inRoom);
    return post("/api/rtvi/start", inRoom);
  },
  session_ended: async () => {
    const room = held(() => Response.json({}));
    fakes.dailyAnswers.push(room.answer);
    const starting = post("/api/rtvi/start");
    const signal = await vi.waitUntil(() => fakes.signals()[0]);
    await post(`/api/rtvi/${signal.sessionId}/stop`);
    room.release();
    return starting;
  },
  body_too_large: () => send(JSON.stringify({ metadata: { text: "x".repeat(MAX_BODY_BYTES) } })),
  unsupported_media_type: () => send("{}", { "content-type": "text/plain" }),
  invalid_request: () => post("/api/rtvi/start", { user: { locale: "tlh" } }),
  upgrade_required: () => get(`/internal/sessions/${NOBODY}/bot`),
  rate_limited: async () => {
    // Twice the limit and one more: a minute of the clock may end between two of them.
    for (let starts = 0; starts < 21; starts++) {
      // A body that is refused, so that nothing is started; it counts all the same.
      const response = await withSettings({ API_TOKENS: `errors:${TOKEN}` }, START, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: "{",
      });
      if (response.status === 429) return response;
    }
    throw new Error("all starts were let through");
  },
  too_many_sessions: async () => {
    const start = () =>
      withSettings({ API_TOKENS: `many:${TOKEN}` }, START, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
      });
    for (let sessions = 0; sessions < 3; sessions++) expect((await start()).status).toBe(201);
    return start();
  },
  auth_unavailable: () => {
    fakes.keysAnswers.push(refuse(500));
    const settings = { AUTH_JWKS_URL: KEYS_URL, AUTH_ISSUER: "https://id.test/", AUTH_AUDIENCE: "voice" };
    const token = `${btoa('{"alg":"RS256"}').replace(/=/g, "")}.e30.c2ln`;
    return withSettings(settings, START, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  },
  internal: async () => {
    const { sessionId } = await startSession();
    // What a bug, or a record of another version, would do.
    await runInDurableObject(env.SESSIONS.getByName(sessionId), (_, state) =>
      state.storage.kv.put("record", { sessionId, secret: "sk-123" }),
    );
    return get(`/api/rtvi/${sessionId}`);
  },
  daily_failed: () => {
    fakes.dailyAnswers.push(refuse(400));
    return post("/api/rtvi/start");
  },
  misconfigured: () => withSettings({ APP_ENV: "production", PUBLIC_URL: "" }, "/client-config"),
  no_capacity: () => {
    fakes.hostAnswers.push(refuse(503));
    return post("/api/rtvi/start");
  },
};

describe("the edge answers", () => {
  test.each(Object.entries(WAYS))("%s", async (code, provoke) => {
    const answer = await provoke();
    const problem = await problemOf(answer);
    expect(problem.code).toBe(code);
    expect(problem.detail).toMatch(/^[A-Za-z].{9,}$/);
    expect(problem.detail).not.toContain("sk-123");
    const { status, title, retryable } = ERRORS[code as ErrorCodeOf<"edge">]; // a key of WAYS
    expect(answer.status).toBe(status);
    expect(problem).toMatchObject({ status, title, retryable });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });
});
