/**
 * Who calls. `subject` is unique over all ways to authenticate, and stable: sessions are owned by it. It may be a
 * person's id at their identity provider, so it is in no log and no reply.
 */
export type Caller =
  /** Without a subject: knowing a session's id is the right to it. */
  | { kind: "anonymous" }
  | { kind: "user"; subject: string }
  /** Runs the service: sees and stops every session. */
  | { kind: "operator"; subject: string };

/** What a session keeps of the caller who started it; `undefined` without a subject. */
export function ownerOf(caller: Caller): string | undefined {
  return caller.kind === "anonymous" ? undefined : caller.subject;
}

/** Whether a caller may see and stop a session. */
export function mayUse(caller: Caller, owner: string | undefined): boolean {
  if (owner === undefined || caller.kind === "operator") return true;
  return caller.kind === "user" && caller.subject === owner;
}
