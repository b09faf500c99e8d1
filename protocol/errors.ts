/**
 * Every error that one of our programs answers with. The code is the stable part: clients and operators match
 * on it. `retryable` says whether the same request may succeed later without being changed. `by` names the programs
 * that answer with it: each has a test that provokes every one of its own. (The emulators answer so under
 * `/_emulator`; what they imitate answers as the service does.)
 */
export const ERRORS = {
  invalid_json: {
    status: 400,
    title: "The body is not JSON",
    retryable: false,
    by: ["edge", "bot", "emulator"],
  },
  unauthorized: { status: 401, title: "Not authenticated", retryable: false, by: ["edge", "bot"] },
  forbidden: { status: 403, title: "Not allowed", retryable: false, by: ["edge", "emulator"] },
  not_found: { status: 404, title: "No such resource", retryable: false, by: ["edge", "bot", "emulator"] },
  session_not_found: { status: 404, title: "No such session", retryable: false, by: ["edge", "emulator"] },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    retryable: false,
    by: ["edge", "bot", "emulator"],
  },
  conflict: {
    status: 409,
    title: "In conflict with what is there",
    retryable: false,
    by: ["edge", "emulator"],
  },
  attempt_outdated: {
    status: 409,
    title: "A newer attempt holds this session",
    retryable: false,
    by: ["bot"],
  },
  session_ended: { status: 410, title: "The session has ended", retryable: false, by: ["edge"] },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    retryable: false,
    by: ["edge", "bot", "emulator"],
  },
  unsupported_media_type: {
    status: 415,
    title: "Not a JSON content type",
    retryable: false,
    by: ["edge", "bot"],
  },
  invalid_request: {
    status: 422,
    title: "The request is not valid",
    retryable: false,
    by: ["edge", "bot", "emulator"],
  },
  upgrade_required: { status: 426, title: "A WebSocket is expected here", retryable: false, by: ["edge"] },
  rate_limited: { status: 429, title: "Too many requests", retryable: true, by: ["edge", "bot"] },
  /** Waiting alone may take as long as a session: something has to end first. */
  too_many_sessions: { status: 429, title: "Too many sessions at once", retryable: false, by: ["edge"] },
  internal: { status: 500, title: "Something broke on our side", retryable: true, by: ["edge", "bot"] },
  daily_failed: { status: 502, title: "Daily did not do its part", retryable: true, by: ["edge"] },
  /** The caller may well be right: it is we who cannot tell now. Not a 401, at which an app would log its user out. */
  auth_unavailable: {
    status: 503,
    title: "Callers cannot be authenticated now",
    retryable: true,
    by: ["edge"],
  },
  misconfigured: { status: 503, title: "The service is not configured", retryable: false, by: ["edge"] },
  no_capacity: {
    status: 503,
    title: "No bot host can take a call now",
    retryable: true,
    by: ["edge", "bot"],
  },
  draining: { status: 503, title: "This bot host takes no new calls", retryable: true, by: ["bot"] },
} as const satisfies Record<
  string,
  { status: number; title: string; retryable: boolean; by: readonly ("edge" | "bot" | "emulator")[] }
>;

export type ErrorCode = keyof typeof ERRORS;

/** The codes that one of the programs answers with. */
export type ErrorCodeOf<Program extends "edge" | "bot" | "emulator"> = {
  [Code in ErrorCode]: Program extends (typeof ERRORS)[Code]["by"][number] ? Code : never;
}[ErrorCode];

/** One field of a request that was refused. `path` is dotted (`user.locale`), empty for the body itself. */
export interface FieldError {
  path: string;
  message: string;
}

/** RFC 9457 problem details, plus what our clients match on. `detail` is always text: official clients show it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  retryable: boolean;
  errors?: FieldError[];
}

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** How long a caller should wait after a retryable refusal, in seconds, when we know nothing better. */
const DEFAULT_RETRY_AFTER_S = 2;
/** What every 401 has to name: how to authenticate. All our programs take bearer tokens. */
const DEFAULT_CHALLENGE = "Bearer";

interface ProblemOptions {
  errors?: FieldError[];
  /** Whole seconds, for the `Retry-After` header of 429 and 503. */
  retryAfterS?: number;
  /** For the `WWW-Authenticate` header of 401. */
  challenge?: string;
  cause?: unknown;
}

/** An error of the table, with the sentence that helps this caller. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterS: number | undefined;
  readonly #challenge: string;

  constructor(code: ErrorCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.errors = options.errors;
    this.retryAfterS = options.retryAfterS;
    this.#challenge = options.challenge ?? DEFAULT_CHALLENGE;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  toProblem(): Problem {
    const { status, title, retryable } = ERRORS[this.code];
    const problem: Problem = {
      type: `urn:chat-vrd:problem:${this.code}`,
      title,
      status,
      detail: this.message,
      code: this.code,
      retryable,
    };
    return this.errors ? { ...problem, errors: this.errors } : problem;
  }

  /** Headers for the answer: the content type, and `Retry-After` or `WWW-Authenticate` where the status asks for it. */
  toHeaders(): Record<string, string> {
    const headers: Record<string, string> = { "content-type": PROBLEM_CONTENT_TYPE };
    if (this.status === 429 || (this.status === 503 && ERRORS[this.code].retryable)) {
      headers["retry-after"] = String(this.retryAfterS ?? DEFAULT_RETRY_AFTER_S);
    }
    if (this.status === 401) headers["www-authenticate"] = this.#challenge;
    return headers;
  }
}

/** Any thrown value as an error of the table. What we did not foresee says nothing of its insides. */
export function asProblem(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  return new ProblemError("internal", "Something broke on our side. The logs have it.", { cause: thrown });
}
