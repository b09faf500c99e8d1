import type { Mark } from "../../protocol/session.ts";
import type { SessionRecord } from "./record.ts";

/** The first time counts: a later attempt repeats what an earlier one has told. */
export function mark(record: SessionRecord, name: Mark, sinceAcceptedMs: number): SessionRecord {
  if (record.timeline[name] !== undefined) return record;
  return { ...record, timeline: { ...record.timeline, [name]: sinceAcceptedMs } };
}
