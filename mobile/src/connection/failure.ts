/** Why something did not work, as a value: what is shown is made of it (`i18n`), and what was thrown becomes it. */
export type Failure =
  /** No answer from the service: it is down, the address is wrong, or the phone is offline. */
  | { readonly kind: "unreachable" }
  /** The service answered with an error. `detail` is its own sentence; client-js does not hand on the `code`. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly detail: string;
      readonly code?: string | undefined;
    }
  /** The service answered with something that is not in our protocol: often another program's address. */
  | { readonly kind: "unexpected-reply" }
  | { readonly kind: "start-timeout" }
  | { readonly kind: "join-timeout" }
  /** In the room, but the assistant did not get ready in time. */
  | { readonly kind: "ready-timeout" }
  | { readonly kind: "microphone"; readonly reason: MicrophoneFault }
  /** Daily's code could not be loaded, so no call can be made. */
  | { readonly kind: "daily-unloadable" }
  /** The service emulates Daily, which only a browser can join. */
  | { readonly kind: "needs-browser" }
  /** Daily ended the call. `type` is daily-js's error type (`exp-room`, `connection-error`, …), if it told one. */
  | { readonly kind: "daily"; readonly type?: string | undefined; readonly detail: string }
  /** The way to the call broke, and no attempt to return was successful in time. */
  | { readonly kind: "network" }
  /** The assistant left and none took its place in time, or it lost its model for good. */
  | { readonly kind: "assistant-lost" }
  /** The assistant reported an error that ends the call. */
  | { readonly kind: "assistant"; readonly detail: string }
  | { readonly kind: "unknown"; readonly detail: string };

/** client-js's `DeviceErrorReason`, and what only a phone knows. */
export type MicrophoneFault =
  /** Refused for now: the system would ask again. */
  | "denied"
  /** Refused for good: only the system's settings can change it. */
  | "blocked"
  /** The question was not answered. */
  | "unanswered"
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
 * What `fetch` rejects with when no answer came, as Chrome, Safari, Firefox and React Native word it. client-js passes
 * on only this text, under the status 500, so that it cannot be told in another way from a server's error.
 */
const NO_ANSWER = /failed to fetch|load failed|networkerror|network request failed/i;
/** client-js's words for its own request timeout. */
const REQUEST_TIMED_OUT = "Timed out";
/** What `JSON.parse` says in the browsers and in Hermes about something that is not JSON. */
const NOT_JSON = /json|unexpected (token|end|character)|string did not match the expected pattern/i;

/** client-js's `StartBotError`, by its shape: its class has no name of its own once minified. */
function isStartBotError(error: Error): error is Error & { status: unknown } {
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

function ofStartBotError(message: string, status: unknown): Failure {
  if (message === REQUEST_TIMED_OUT) return { kind: "start-timeout" };
  if (NO_ANSWER.test(message)) return { kind: "unreachable" };
  // Without a response there is no status, or client-js's own 500.
  const answered = typeof status === "number" ? status : 500;
  if (answered === 500 && NOT_JSON.test(message)) return { kind: "unexpected-reply" };
  return { kind: "refused", status: answered, detail: message };
}
