import { log } from "../log-events.ts";
import { isEnded, type SessionRecord } from "./record.ts";

/** Logs what one event has changed of a session: its state, and the marks it has passed. */
export function logChanges(before: SessionRecord, after: SessionRecord): void {
  const { sessionId, life } = after;
  if (before.life.state !== life.state) {
    const reason = isEnded(life) ? { reason: life.reason } : {};
    log({ event: "session.changed", sessionId, from: before.life.state, to: life.state, ...reason });
  }
  if (before.timeline === after.timeline) return;
  for (const [mark, ms] of Object.entries(after.timeline)) {
    const name = mark as keyof typeof after.timeline; // Object.entries forgets the keys' type
    if (before.timeline[name] === undefined) log({ event: "session.marked", sessionId, mark: name, ms });
  }
}
