import { next } from "../session/next.ts";
import { newRecord, type SessionRecord } from "../session/record.ts";
import type { Effect, SessionEvent, Step } from "../session/step.ts";

/** When the sessions of these tests begin, in epoch milliseconds. */
export const START = 1_000_000;

/** A session that has just begun. */
export function freshRecord(given: Partial<SessionRecord> = {}): SessionRecord {
  const record = newRecord({
    sessionId: "s",
    createdAt: START,
    expiresAt: START + 3_600_000,
    linkGraceMs: 3_000,
    silentMs: 30_000,
    language: "en-US",
    callerId: "user-1",
    owner: undefined,
    fingerprint: undefined,
    claims: [],
    room: { name: "vrd-1", url: "https://example.daily.co/vrd-1", owned: true },
  });
  return { ...record, ...given };
}

/** Applies events one after the other; the effects are those of the last. */
export function run(record: SessionRecord, ...events: SessionEvent[]): Step {
  return events.reduce<Step>((step, event) => next(step.record, event), { record, effects: [] });
}

/** A call that goes on: room, host "a", link 1 and bot are there, and the client is ready. */
export function callRecord(): SessionRecord {
  const link = (seq: number, mark: "botJoined" | "clientJoined"): SessionEvent => {
    const report = { kind: "mark", mark, at: START + 100 } as const;
    return { kind: "reported", linkId: 1, seq, report, at: START + 100 };
  };
  return run(
    freshRecord({ client: {} }),
    { kind: "room-ready", at: START + 50 },
    { kind: "dispatched", attempt: 1, hostId: "a", at: START + 60 },
    { kind: "link-opened", attempt: 1, linkId: 1, at: START + 70 },
    link(1, "botJoined"),
    link(2, "clientJoined"),
  ).record;
}

export function effectsOf<Kind extends Effect["kind"]>(
  { effects }: Step,
  kind: Kind,
): Extract<Effect, { kind: Kind }>[] {
  return effects.filter((effect): effect is Extract<Effect, { kind: Kind }> => effect.kind === kind);
}
