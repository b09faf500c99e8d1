import type { ServerResponse } from "node:http";
import type { ProblemError } from "../../protocol/errors.ts";

/** An answer, as a value. `body` is sent as JSON unless it is text with its own content type. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body: { json: unknown } | { text: string | Uint8Array; contentType: string };
}

export const json = (status: number, value: unknown): Reply => ({ status, body: { json: value } });

/** Daily's error types, with the statuses they come with. */
const DAILY_ERRORS = {
  "authentication-error": 401,
  "authorization-header-error": 400,
  "forbidden-error": 403,
  "json-parsing-error": 400,
  "invalid-request-error": 400,
  "not-found": 404,
  "server-error": 500,
} as const;

/** An error in Daily's shape. `info` is for people. */
export function dailyError(error: keyof typeof DAILY_ERRORS, info: string): Reply {
  return json(DAILY_ERRORS[error], { error, info });
}

/** What was wrong with a request's body, in Daily's shape. */
export function problemReply({ code, message }: ProblemError): Reply {
  switch (code) {
    case "invalid_json":
      return dailyError("json-parsing-error", message);
    case "body_too_large":
      // The rest of the body is on its way and will not be read.
      return {
        ...dailyError("invalid-request-error", message),
        status: 413,
        headers: { connection: "close" },
      };
    default:
      return dailyError("invalid-request-error", message);
  }
}

export function send(response: ServerResponse, { status, headers, body }: Reply): void {
  const [content, contentType] =
    "json" in body ? [JSON.stringify(body.json), "application/json"] : [body.text, body.contentType];
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store", ...headers });
  response.end(content);
}
