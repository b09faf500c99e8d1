import type { HostHealth, HostLoad, StartSignal } from "../../protocol/bot-host.ts";

/** How a host answered a start signal. */
export type HostStart =
  | { kind: "accepted"; load: HostLoad }
  /** It has no place, or takes no new calls. No bot runs there. */
  | { kind: "full" }
  /** It said no to the request itself, which asking again does not change. No bot runs there. */
  | { kind: "refused"; status: number }
  /** No answer, or a broken one. A bot may run there all the same. */
  | { kind: "unsure"; why: "timeout" | "unreachable" | "broken" };

export type HostStop = { kind: "stopped" } | { kind: "failed"; why: string };

export type HostAnswer = { kind: "answered"; health: HostHealth } | { kind: "failed"; why: string };

/** A place where bots run. */
export interface BotHost {
  /** Stable and without a secret; clients see it. */
  readonly id: string;
  /** Asks the host to take a call. Idempotent by session and attempt. */
  start(signal: StartSignal, timeoutMs: number): Promise<HostStart>;
  /** Ends the session's bots up to and including `attempt`. A host that has none is done as well. */
  stop(session: { sessionId: string; attempt: number }, timeoutMs: number): Promise<HostStop>;
  health(timeoutMs: number): Promise<HostAnswer>;
}
