import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { Problem } from "../../protocol/errors.ts";
import { SessionView, StartReply } from "../../protocol/session.ts";
import { app } from "../app.ts";

export const ORIGIN = "http://edge.test";

/** Through the Worker's own entry, as it is deployed. */
export function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`${ORIGIN}${path}`, { headers });
}

/** @param body sent as JSON; none at all when absent. */
export function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`${ORIGIN}${path}`, {
    method: "POST",
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** A request to the app with other settings. Its Durable Objects keep those of the configuration. */
export async function withSettings(
  settings: Record<string, string>,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  return app.fetch(new Request(`${ORIGIN}${path}`, init), { ...env, ...settings }, createExecutionContext());
}

export async function startSession(body?: unknown): Promise<StartReply> {
  const response = await post("/api/rtvi/start", body);
  if (response.status !== 201) throw new Error(`start answered ${response.status}: ${await response.text()}`);
  return StartReply.parse(await response.json());
}

export async function viewOf(sessionId: string): Promise<SessionView> {
  return SessionView.strict().parse(await (await get(`/api/rtvi/${sessionId}`)).json());
}

export async function problemOf(response: Response): Promise<Problem> {
  return (await response.json()) as Problem; // what the tests look at is compared field by field
}
