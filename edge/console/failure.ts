/**
 * Why something did not work, as a value: what the page shows is made of it (`explain.ts`), and what was thrown
 * becomes it (`asFailure`).
 */
export type Failure =
  /** No answer from the service: it is down, or the device is offline. */
  | { kind: "unreachable" }
  /** The service answered with an error. `detail` is its own sentence; client-js does not hand on the `code`. */
  | { kind: "refused"; status: number; detail: string; code?: string }
  /** The service answered with something that is not in our protocol. */
  | { kind: "unexpected-reply" }
  /** The service took too long to start a session. */
  | { kind: "start-timeout" }
  /** In the room or on the way to it, but the assistant did not get ready in time. */
  | { kind: "ready-timeout" }
  | { kind: "microphone"; reason: MicrophoneFault }
  /** Daily's code could not be loaded, so no call can be made. */
  | { kind: "daily-unloadable" }
  /** Daily ended the call. `type` is daily-js's error type (`exp-room`, `connection-error`, …), if it told one. */
  | { kind: "daily"; type: string | undefined; detail: string }
  /** The assistant reported an error that ends the call. */
  | { kind: "assistant"; detail: string }
  | { kind: "unknown"; detail: string };

/** client-js's `DeviceErrorReason`. */
export type MicrophoneFault =
  | "blocked"
  | "already-in-use"
  | "not-found"
  | "invalid-constraints"
  | "not-supported"
  | "unknown";

/** A failure on its way up. */
export class FailureError extends Error {
  override readonly name = "FailureError";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.kind, options);
    this.failure = failure;
  }
}

/**
 * What `fetch` rejects with when no answer came, as Chrome, Safari and Firefox word it. client-js passes on only
 * this text, under the status 500, so that it cannot be told in another way from a server's error.
 */
const NO_ANSWER = /failed to fetch|load failed|networkerror/i;
/** client-js's words for its own request timeout. */
const REQUEST_TIMED_OUT = "Timed out";
/** What `JSON.parse` and `Response.json` say, in the same three browsers, about something that is not JSON. */
const NOT_JSON = /json|unexpected (token|end|character)|string did not match the expected pattern/i;

/** client-js's `StartBotError`, by its shape: its class has no name of its own once minified. */
function isStartBotError(error: Error): error is Error & { status: number } {
  return "error" in error && error.error === "invalid-request-error" && "status" in error;
}

/** Any thrown value as a failure. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof FailureError) return thrown.failure;
  if (!(thrown instanceof Error)) return { kind: "unknown", detail: String(thrown) };
  if (isStartBotError(thrown)) return ofStartBotError(thrown.message, thrown.status);
  if (thrown instanceof SyntaxError) return { kind: "unexpected-reply" };
  if (thrown.name === "TimeoutError" || NO_ANSWER.test(thrown.message)) return { kind: "unreachable" };
  return { kind: "unknown", detail: thrown.message };
}

function ofStartBotError(message: string, status: number): Failure {
  if (message === REQUEST_TIMED_OUT) return { kind: "start-timeout" };
  if (NO_ANSWER.test(message)) return { kind: "unreachable" };
  if (status === 500 && NOT_JSON.test(message)) return { kind: "unexpected-reply" };
  return { kind: "refused", status, detail: message };
}
