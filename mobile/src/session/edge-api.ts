import type { z } from "zod";
import { FailureError } from "../connection/failure.ts";
import type { Server } from "../settings/server.ts";
import { Health, ProblemText, ServerConfig, SessionRecord, StopReply } from "./messages.ts";

/** The service as the app uses it. Every method rejects with a `FailureError`. */
export interface EdgeApi {
  config(): Promise<ServerConfig>;
  health(): Promise<Health>;
  session(id: string): Promise<SessionRecord>;
  /** Idempotent. */
  stop(id: string): Promise<unknown>;
}

/** The service answers these from its own storage: longer means that the network is gone. */
export const REQUEST_TIMEOUT_MS = 8_000;

export function createEdgeApi({ url, token }: Server): EdgeApi {
  async function call<Output>(schema: z.ZodType<Output>, path: string, init: RequestInit): Promise<Output> {
    const controller = new AbortController();
    // React Native has no `AbortSignal.timeout`.
    const timer = setTimeout(() => controller.abort(), REQUEST_TIMEOUT_MS);
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${url}${path}`, {
        ...init,
        headers: authorization(token),
        signal: controller.signal,
      });
      body = parseJson(await response.text());
    } catch (cause) {
      throw new FailureError({ kind: "unreachable" }, { cause });
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) {
      const problem = ProblemText.safeParse(body);
      const said = problem.success ? problem.data : { detail: "" };
      throw new FailureError({ kind: "refused", status: response.status, ...said });
    }
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw new FailureError({ kind: "unexpected-reply" }, { cause: parsed.error });
    return parsed.data;
  }

  const sessionPath = (id: string) => `/api/rtvi/${encodeURIComponent(id)}`;

  return {
    config: () => call(ServerConfig, "/client-config", {}),
    health: () => call(Health, "/health", {}),
    session: (id) => call(SessionRecord, sessionPath(id), { cache: "no-store" }),
    stop: (id) => call(StopReply, `${sessionPath(id)}/stop`, { method: "POST" }),
  };
}

export function authorization(token: string): Record<string, string> {
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}

/** `undefined` for what is not JSON: that is judged by the status. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
