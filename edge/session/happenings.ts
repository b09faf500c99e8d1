import type { Happening } from "../../protocol/events.ts";
import type { TranscriptEntry } from "../../protocol/session.ts";
import { isEnded, type SessionRecord } from "./record.ts";

/** Leaves each kind of a union its own fields. */
type Without<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;
type Unnumbered = Without<Happening, "seq" | "at">;

/** As it is kept: what was said is kept in the transcript and not once more here. */
export type KeptHappening =
  | Exclude<Happening, { type: "transcript" }>
  | { seq: number; at: string; type: "transcript"; entrySeq: number };

/**
 * What watchers are told of one step of a session, numbered. The state comes last: whoever hears that a session has
 * ended knows when.
 * @param before `undefined` for the session's first record
 * @param step the step's new lines of the transcript, and when it was, in epoch milliseconds
 */
export function happeningsOf(
  before: SessionRecord | undefined,
  after: SessionRecord,
  { entries, at }: { entries: readonly TranscriptEntry[]; at: number },
): Happening[] {
  const happened: Unnumbered[] = [
    ...botOf(before, after),
    ...marksOf(before, after),
    ...entries.map((entry): Unnumbered => ({ type: "transcript", entry })),
    ...(before === undefined || before.usage === after.usage
      ? []
      : [{ type: "usage" as const, usage: after.usage }]),
    ...stateOf(before, after),
  ];
  const told = after.happenings;
  const time = new Date(at).toISOString();
  return happened.map((each, index) => ({ ...each, seq: told + index + 1, at: time }));
}

function botOf(before: SessionRecord | undefined, { bot }: SessionRecord): Unnumbered[] {
  if (before?.bot.attempt === bot.attempt && before.bot.hostId === bot.hostId) return [];
  return [{ type: "bot", attempt: bot.attempt, ...(bot.hostId === undefined ? {} : { hostId: bot.hostId }) }];
}

function marksOf(before: SessionRecord | undefined, { timeline }: SessionRecord): Unnumbered[] {
  if (before?.timeline === timeline) return [];
  return Object.entries(timeline).flatMap(([mark, ms]) => {
    const name = mark as keyof typeof timeline; // Object.entries forgets the keys' type
    return before?.timeline[name] === undefined ? [{ type: "mark", name, ms }] : [];
  });
}

function stateOf(before: SessionRecord | undefined, { life }: SessionRecord): Unnumbered[] {
  if (before?.life.state === life.state) return [];
  return [{ type: "state", state: life.state, ...(isEnded(life) ? { reason: life.reason } : {}) }];
}

export function kept(happening: Happening): KeptHappening {
  if (happening.type !== "transcript") return happening;
  const { seq, at, type, entry } = happening;
  return { seq, at, type, entrySeq: entry.seq };
}
