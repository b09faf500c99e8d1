import { ProblemError } from "../../protocol/errors.ts";
import { isEnded, type SessionRecord } from "./record.ts";

/** What has become of a session whose start is asked for once more, and not under way. */
export type Again =
  /** It lives, and whoever has the key may have it again. */
  | "lives"
  | "ended"
  /** The start came to nothing, so nobody ever was in it. */
  | "failed"
  /** The start was cut off, as by a deploy that resets the object: nobody knows how far it came. */
  | "cut-off";

type Known = Pick<SessionRecord, "life" | "room" | "bot" | "expiresAt">;

export function againOf({ life, room, bot, expiresAt }: Known, now: number): Again {
  // A bot that takes over may have no host yet; the first one had.
  const wasStarted = room.ready && (bot.hostId !== undefined || bot.attempt > 1);
  // A caller who stops a session while it is being started does not want it.
  if (isEnded(life)) return wasStarted || life.reason === "stopped" ? "ended" : "failed";
  // Its alarm may be late.
  if (expiresAt <= now) return "ended";
  return wasStarted ? "lives" : "cut-off";
}

/** Whether two starts of one session ask for the same. Without a key there is no asking again. */
export function isSameStart(
  { fingerprint }: { fingerprint: string | undefined },
  other: { fingerprint: string | undefined },
): boolean {
  return fingerprint !== undefined && fingerprint === other.fingerprint;
}

export function otherStart(): ProblemError {
  return new ProblemError(
    "conflict",
    "This Idempotency-Key came with another request before. Use a new one.",
  );
}

export function endedStart(): ProblemError {
  return new ProblemError(
    "session_ended",
    "The session of this Idempotency-Key has ended. Start another with a new key.",
  );
}
