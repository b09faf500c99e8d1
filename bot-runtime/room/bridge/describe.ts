import { redact } from "./redact.ts";

/** Enough to know what broke, bounded for the bridge. */
const MAX_CHARS = 500;

/** A thrown value as text for the host, without stack or secrets. daily-js also throws strings and event objects. */
export function describe(thrown: unknown): string {
  return redact(textOf(thrown)).slice(0, MAX_CHARS);
}

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) {
    const cause = thrown.cause === undefined ? "" : ` (${textOf(thrown.cause)})`;
    return `${thrown.name}: ${thrown.message}${cause}`;
  }
  if (typeof thrown === "object" && thrown !== null && "errorMsg" in thrown) return String(thrown.errorMsg);
  return String(thrown);
}
