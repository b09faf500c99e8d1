import { StartReply } from "../../protocol/session.ts";
import { withSettings } from "./edge-client.ts";

/** Tokens of a closed service, and whose they are. */
export const TOKENS = {
  ada: "ada-has-a-token-of-32-characters",
  bob: "bob-has-a-token-of-32-characters",
  operator: "the-operator-has-a-token-as-well",
};

export const CLOSED = {
  API_TOKENS: `ada:${TOKENS.ada}, bob:${TOKENS.bob}`,
  OPERATOR_TOKENS: `ops:${TOKENS.operator}`,
};

export interface Call {
  method?: "GET" | "POST";
  /** In `Authorization: Bearer`. */
  token?: string;
  headers?: Record<string, string>;
  /** Sent as JSON; none at all when absent. */
  body?: unknown;
}

/** A client of a service with these settings. */
export function clientOf(settings: Record<string, string>) {
  const call = (path: string, { method = "POST", token, headers = {}, body }: Call = {}): Promise<Response> =>
    withSettings(settings, path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    call,
    start: (given: Call = {}) => call("/api/rtvi/start", given),
    stop: (sessionId: string, given: Call = {}) => call(`/api/rtvi/${sessionId}/stop`, given),
    view: (sessionId: string, given: Call = {}) =>
      call(`/api/rtvi/${sessionId}`, { ...given, method: "GET" }),
  };
}

/** The reply of a start that worked. */
export async function started(response: Response | Promise<Response>): Promise<StartReply> {
  const answer = await response;
  const text = await answer.text();
  if (answer.status >= 300) throw new Error(`start answered ${answer.status}: ${text}`);
  return StartReply.strict().parse(JSON.parse(text));
}

let names = 0;

/** Settings and token of a user who has done nothing yet: what is counted by user outlives a test. */
export function newUser(): { settings: Record<string, string>; token: string } {
  names += 1;
  const token = `a-token-that-is-used-once-${names}`;
  return { settings: { API_TOKENS: `user-${names}:${token}` }, token };
}
