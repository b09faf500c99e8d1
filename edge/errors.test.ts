import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { ERRORS, type ErrorCodeOf, type Problem } from "../protocol/errors.ts";
import { MAX_BODY_BYTES } from "./http/body.ts";
import { useCapturedLogs } from "./testing/captured-logs.ts";
import { get, post, problemOf, startSession, withSettings } from "./testing/edge-client.ts";
import { held, refuse, useFakeUpstreams } from "./testing/fake-upstreams.ts";

const fakes = useFakeUpstreams();
useCapturedLogs();

const NOBODY = "0123456789abcdef0123456789abcdef";
const START = "/api/rtvi/start";

function send(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return withSettings({}, START, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** A code of the table without a way to it here does not compile. */
const WAYS: Record<ErrorCodeOf<"edge">, () => Promise<Pick<Problem, "code" | "detail"> | Response>> = {
  invalid_json: () => send("{"),
  unauthorized: () => get(`/internal/sessions/${NOBODY}/bot`, { upgrade: "websocket" }),
  forbidden: () => post("/api/rtvi/start", undefined, { origin: "https://elsewhere.example" }),
  not_found: () => get("/nothing"),
  session_not_found: () => get(`/api/rtvi/${NOBODY}`),
  method_not_allowed: () => get("/api/rtvi/start"),
  conflict: async () => {
    const { sessionId } = await startSession();
    const outcome = await env.SESSIONS.getByName(sessionId).start({
      sessionId,
      requestId: "again",
      language: "en-US",
      voice: undefined,
      user: {},
      metadata: {},
      room: { kind: "reuse", url: "http://daily.test/room" },
    });
    if (outcome.ok) throw new Error("started twice");
    return outcome;
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
    const problem = answer instanceof Response ? await problemOf(answer) : answer;
    expect(problem.code).toBe(code);
    expect(problem.detail).toMatch(/^[A-Za-z].{9,}$/);
    expect(problem.detail).not.toContain("sk-123");
    if (!(answer instanceof Response)) return;
    const { status, title, retryable } = ERRORS[code as ErrorCodeOf<"edge">]; // a key of WAYS
    expect(answer.status).toBe(status);
    expect(problem).toMatchObject({ status, title, retryable });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });
});
