import type { ServerResponse } from "node:http";
import type { ProblemError } from "../../protocol/errors.ts";

/** An answer, as a value. `body` is sent as JSON unless it is text with its own content type. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body: { json: unknown } | { text: string | Uint8Array; contentType: string };
}

export const json = (status: number, value: unknown): Reply => ({ status, body: { json: value } });

export const plain = (text: string): Reply => ({
  status: 200,
  body: { text: `${text}\n`, contentType: "text/plain; charset=utf-8" },
});

/** Daily's error types, with the statuses they come with (docs.daily.co, "Errors"). */
const DAILY_ERRORS = {
  "authentication-error": 401,
  "authorization-header-error": 400,
  "forbidden-error": 403,
  "json-parsing-error": 400,
  "invalid-request-error": 400,
  "not-found": 404,
  "rate-limit-error": 429,
  "server-error": 500,
} as const;

/** An error in Daily's shape. `info` is for people. */
export function dailyError(error: keyof typeof DAILY_ERRORS, info: string): Reply {
  return json(DAILY_ERRORS[error], { error, info });
}

/** Daily's error with any status from 400 on, as a fault orders it. */
export function dailyErrorWithStatus(status: number, info: string): Reply {
  return { ...dailyError(errorOfStatus(status), info), status };
}

function errorOfStatus(status: number): keyof typeof DAILY_ERRORS {
  if (status >= 500) return "server-error";
  switch (status) {
    case 401:
      return "authentication-error";
    case 403:
      return "forbidden-error";
    case 404:
      return "not-found";
    case 429:
      return "rate-limit-error";
    default:
      return "invalid-request-error";
  }
}

/** What was wrong with a request, in Daily's shape. */
export function dailyProblem({ code, message }: ProblemError): Reply {
  switch (code) {
    case "forbidden":
      return dailyError("forbidden-error", message);
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

/** An error of the emulator's own addresses, in the shape of this project's (RFC 9457). */
export function problemReply(problem: ProblemError): Reply {
  const { "content-type": contentType = "", ...headers } = problem.toHeaders();
  return {
    status: problem.status,
    headers: problem.code === "body_too_large" ? { ...headers, connection: "close" } : headers,
    body: { text: JSON.stringify(problem.toProblem()), contentType },
  };
}

export function send(response: ServerResponse, { status, headers, body }: Reply): void {
  const [content, contentType] =
    "json" in body ? [JSON.stringify(body.json), "application/json"] : [body.text, body.contentType];
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store", ...headers });
  response.end(content);
}
