import type { BotReport, LinkClose, LinkCommand } from "../../protocol/link.ts";
import type { EndReason, TranscriptEntry } from "../../protocol/session.ts";
import type { Bot, OutsideJob, SessionRecord } from "./record.ts";

/** What happens to a session. `at` is the edge's clock in epoch milliseconds. */
export type SessionEvent =
  | { kind: "room-ready"; at: number }
  /** A host has taken the call. */
  | { kind: "dispatched"; attempt: number; hostId: string; at: number }
  /** None has, for an attempt after the first. One may run a bot all the same. */
  | { kind: "dispatch-failed"; attempt: number; unsureHostId: string | undefined; at: number }
  /** The start came to nothing. `botHostId` may run a bot that nobody needs now. */
  | {
      kind: "start-failed";
      reason: Extract<EndReason, "daily_failed" | "no_capacity" | "bot_lost">;
      botHostId: string | undefined;
      at: number;
    }
  | { kind: "link-opened"; attempt: number; linkId: number; at: number }
  /** `at`: when it said something, if only a ping. */
  | { kind: "link-heard"; linkId: number; at: number }
  | { kind: "link-closed"; linkId: number; at: number }
  | { kind: "reported"; linkId: number; seq: number; report: BotReport; at: number }
  | { kind: "stop-asked"; at: number }
  /** Time has passed: what is due is done. */
  | { kind: "clock"; at: number }
  | { kind: "job-done"; jobId: number; at: number }
  /** `jitter`, at random from 0 up to 1: sessions that end together, as with their host, must not call Daily together. */
  | { kind: "job-failed"; jobId: number; jitter: number; at: number };

/** What the world has to be told. The state machine itself touches nothing. */
export type Effect =
  | { kind: "send"; linkId: number; command: LinkCommand }
  /** Say `room-ready`. `from`: with the newest handle, and the lines of the transcript from this number on. */
  | { kind: "let-in"; linkId: number; from: number | undefined }
  | { kind: "close-link"; linkId: number; code: keyof Pick<typeof LinkClose, "ended" | "outdated"> }
  /** Every link that there is, as the session has ended. */
  | { kind: "close-links" }
  | { kind: "store-entry"; entry: TranscriptEntry }
  | { kind: "refuse-entry"; chars: number }
  /** Look for a host that takes this attempt; `avoid` are asked last, `except` not at all. */
  | { kind: "dispatch"; bot: Bot; avoid: readonly string[]; except: string | undefined }
  | { kind: "do"; job: OutsideJob }
  | { kind: "forget" };

export interface Step {
  record: SessionRecord;
  effects: Effect[];
}

export const nothing = (record: SessionRecord): Step => ({ record, effects: [] });

/** What follows on a step; its effects come after those of the step. */
export function after(step: Step, follow: (record: SessionRecord) => Step): Step {
  const followed = follow(step.record);
  return { record: followed.record, effects: [...step.effects, ...followed.effects] };
}
