import type { ServerResponse } from "node:http";

/** Google's words for the statuses that this emulator answers with. */
const STATUS_WORDS = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  413: "INVALID_ARGUMENT",
  426: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
} as const;

/** Google's word for any status of an error. */
export function statusWord(status: number): string {
  const words: Partial<Record<number, string>> = STATUS_WORDS;
  return words[status] ?? (status < 500 ? "FAILED_PRECONDITION" : "UNAVAILABLE");
}

/** `google.rpc.ErrorInfo`: why, for a program. */
interface ErrorInfo {
  reason: string;
}

/** An error in the shape that Google's HTTP APIs answer with. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: keyof typeof STATUS_WORDS;
  readonly #info: ErrorInfo | undefined;

  constructor(
    code: keyof typeof STATUS_WORDS,
    message: string,
    options: ErrorOptions & { info?: ErrorInfo } = {},
  ) {
    super(message, options);
    this.code = code;
    this.#info = options.info;
  }

  toJson(): object {
    const details = this.#info && [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: this.#info.reason,
        domain: "googleapis.com",
        metadata: { service: "generativelanguage.googleapis.com" },
      },
    ];
    const error = { code: this.code, message: this.message, status: STATUS_WORDS[this.code] };
    return { error: details ? { ...error, details } : error };
  }

  /** Headers that belong to the status. */
  toHeaders(): Record<string, string> {
    return this.code === 426 ? { connection: "Upgrade", upgrade: "websocket" } : {};
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const text = `${JSON.stringify(body, null, 2)}\n`;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(text);
}
