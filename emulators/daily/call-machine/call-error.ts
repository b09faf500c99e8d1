import type { FatalType } from "./daily-js.ts";

/** What was being done when the connection failed, in the words of daily-js's types. */
type Occasion = "join" | "reconnect";

interface ErrorDetails {
  on: Occasion;
  sourceError: { msg: string; type: string };
  uri: string;
}

/** Ends a call, or keeps it from beginning. `type` is daily-js's. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly type: FatalType;
  /** Only of a `connection-error`. */
  readonly details: ErrorDetails | undefined;

  constructor(type: FatalType, { message, details }: { message: string; details?: ErrorDetails }) {
    super(message);
    this.type = type;
    this.details = details;
  }
}

/** A `connection-error` as daily-js describes it. `uri` is the address that was called. */
export function connectionError(on: Occasion, { cause, uri }: { cause: unknown; uri: string }): CallError {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  return new CallError("connection-error", {
    message: on === "join" ? "Signalling could not be reached." : "Signalling was lost.",
    details: { on, sourceError: { msg: message, type: name }, uri },
  });
}
