import type { z } from "zod";
import { ClientConfig, SessionView, StopReply } from "../../protocol/session.ts";
import { FailureError } from "./failure.ts";
import { ProblemText } from "./messages.ts";

/** The service as this page uses it. Every method rejects with a `FailureError`. */
export interface EdgeApi {
  config(): Promise<ClientConfig>;
  session(id: string): Promise<SessionView>;
  /** Idempotent. Outlives the page, so that closing the tab still ends the session. */
  stop(id: string): Promise<StopReply>;
}

/** The service answers these from its own storage: longer means that the network is gone. */
const REQUEST_TIMEOUT_MS = 8_000;

export interface EdgeApiOptions {
  /** Where the service is, such as `location.href`. */
  base: string;
  /** What goes along with every request; asked anew each time. */
  headers(): Record<string, string>;
}

export function createEdgeApi({ base, headers }: EdgeApiOptions): EdgeApi {
  async function call<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    init: RequestInit,
  ): Promise<z.output<Schema>> {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(new URL(path, base), { ...init, headers: headers(), signal });
      body = await response.json().catch((error: unknown) => {
        // Not JSON is judged below, by the status; a broken connection is not an answer at all.
        if (error instanceof SyntaxError) return undefined;
        throw error;
      });
    } catch (cause) {
      throw new FailureError({ kind: "unreachable" }, { cause });
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
    config: () => call(ClientConfig, "/client-config", {}),
    session: (id) => call(SessionView, sessionPath(id), { cache: "no-store" }),
    stop: (id) => call(StopReply, `${sessionPath(id)}/stop`, { method: "POST", keepalive: true }),
  };
}
