import type { HostHealth, HostLoad, StartSignal } from "../../protocol/bot-host.ts";
import type { Region } from "./regions.ts";

/** How a host answered a start signal. */
export type HostStart =
  | { kind: "accepted"; load: HostLoad }
  /** It has no place. No bot runs there. */
  | { kind: "full" }
  /** It takes no new calls, since it is about to end. No bot runs there. */
  | { kind: "draining" }
  /** It does not run, and was not to be woken for this. */
  | { kind: "asleep" }
  /** It is waking, or is being looked for: it can be asked again in some seconds. It did not get this request. */
  | { kind: "waking" }
  /** It said no to the request itself, which asking again does not change. No bot runs there. */
  | { kind: "refused"; status: number }
  /** No answer, or a broken one. A bot may run there all the same. */
  | { kind: "unsure"; why: "timeout" | "unreachable" | "broken" };

export type HostStop = { kind: "stopped" } | { kind: "failed"; why: string };

export type HostAnswer = { kind: "answered"; health: HostHealth } | { kind: "failed"; why: string };

/** What a request does to a host that is asleep. Hosts that never sleep take no notice. */
export type Wake =
  /** Nothing. */
  | { kind: "never" }
  /** Wakes it, and has the answer at once, which is that it is waking. */
  | { kind: "begin" }
  /** Wakes it, and is held until it is awake, no longer than this. */
  | { kind: "wait"; ms: number };

/** A place where bots run. */
export interface BotHost {
  /** Stable and without a secret; clients see it. */
  readonly id: string;
  readonly region: Region | undefined;
  /**
   * Among hosts of one region, those with a lower order are filled first; those that share one share the calls.
   * What always runs is best used evenly, what can sleep is best left asleep.
   */
  readonly order: number;
  /** Asks the host to take a call. Idempotent by session and attempt. */
  start(signal: StartSignal, options: { timeoutMs: number; wake: Wake }): Promise<HostStart>;
  /** Ends the session's bots up to and including `attempt`. A host that has none is done as well. */
  stop(session: { sessionId: string; attempt: number }, timeoutMs: number): Promise<HostStop>;
  health(timeoutMs: number): Promise<HostAnswer>;
}
