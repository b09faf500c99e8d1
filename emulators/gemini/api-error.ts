import type { ServerResponse } from "node:http";

/** Google's words for the statuses that this emulator answers with. */
const STATUS_WORDS = {
  400: "INVALID_ARGUMENT",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  413: "INVALID_ARGUMENT",
  426: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
} as const;

/** An error in the shape that Google's HTTP APIs answer with. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: keyof typeof STATUS_WORDS;

  constructor(code: keyof typeof STATUS_WORDS, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  toJson(): object {
    return { error: { code: this.code, message: this.message, status: STATUS_WORDS[this.code] } };
  }
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body, null, 2)}\n`;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(text);
}
