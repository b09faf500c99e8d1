import { expect, inject, test } from "vitest";
import type { Happening } from "../../protocol/events.ts";
import type { BotReport } from "../../protocol/link.ts";
import { EndReason } from "../../protocol/session.ts";
import { happeningsOf } from "./happenings.ts";
import { type Effect, next, type SessionEvent } from "./next.ts";
import { nextDeadline } from "./next-deadline.ts";
import { isEnded, type Job, newRecord, type SessionRecord } from "./record.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** How many orders of events are tried: `SESSION_SEEDS` of the environment, for a longer look. */
    sessionSeeds: number;
  }
}

const SEQUENCES = inject("sessionSeeds");
/** A seed takes about a millisecond; this is for a machine that has much else to do. */
const TIMEOUT_MS = 5_000 + 20 * SEQUENCES;
const EVENTS = 40;
const START = 1_000_000;
const OUTSIDE: readonly Job["kind"][] = ["stop-bot", "clear-room", "release-claim"];

/** Mulberry32: a small generator whose whole state is the seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function randomEvent(record: SessionRecord, at: number, random: () => number): SessionEvent {
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  };
  const report = (): BotReport =>
    pick<() => BotReport>([
      () => ({
        kind: "mark",
        mark: pick(["botJoined", "clientJoined", "clientReady", "firstBotAudio"]),
        at: at - 1_000 + random() * 2_000,
      }),
      () => ({ kind: "transcript", entry: { role: "user", text: "x", at: new Date(at).toISOString() } }),
      () => ({ kind: "turns", turns: { count: 1, interrupted: 0 } }),
      () => ({ kind: "usage", usage: { promptTokens: 1, responseTokens: 1, totalTokens: 2 } }),
      () => ({ kind: "ended", reason: pick(EndReason.options) }),
    ])();
  const outside = record.jobs.filter(({ kind }) => OUTSIDE.includes(kind));
  const jobId = () => (outside.length === 0 ? 0 : pick(outside).id);
  return pick<() => SessionEvent>([
    () => ({ kind: "room-ready", at }),
    () => ({ kind: "dispatched", hostId: "host", at }),
    () => ({
      kind: "start-failed",
      reason: pick(["daily_failed", "no_capacity", "bot_lost"]),
      botHostId: pick(["host", ""]) || undefined,
      at,
    }),
    () => ({ kind: "link-opened", linkId: record.lastId + 1, at }),
    () => ({
      kind: "link-closed",
      linkId: record.bot.link.kind === "open" ? record.bot.link.id - pick([0, 1]) : 1,
      at,
    }),
    () => ({
      kind: "reported",
      seq: Math.max(1, record.bot.appliedSeq + pick([-1, 0, 1, 1, 2])),
      report: report(),
      at,
    }),
    () => ({ kind: "stop-asked", at }),
    () => ({ kind: "clock", at }),
    () => ({ kind: "job-done", jobId: jobId(), at }),
    () => ({ kind: "job-failed", jobId: jobId(), jitter: random(), at }),
  ])();
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** In place of `expect`, which takes ten times as long: this is asked some hundred thousand times. */
function must(what: string, holds: boolean): void {
  if (!holds) throw new Error(what);
}

function check(before: SessionRecord, after: SessionRecord, event: SessionEvent, effects: Effect[]): void {
  if (isEnded(before.life)) must("an end stays as it is", after.life === before.life);
  if (before.life.state === "active") must("nothing begins twice", after.life.state !== "starting");
  for (const [mark, ms] of Object.entries(after.timeline)) {
    must(`${mark} is in the past`, ms >= 0 && ms <= event.at - START);
    const earlier = before.timeline[mark as keyof typeof before.timeline];
    must(`${mark} stays as it was`, earlier === undefined || ms === earlier);
  }
  must("what has ended knows when", isEnded(after.life) === (after.timeline.ended !== undefined));
  must("reports are counted up", after.bot.appliedSeq >= before.bot.appliedSeq);
  const stored = effects.filter(({ kind }) => kind === "store-entry").length;
  must("what is counted is stored", after.transcript.entries - before.transcript.entries === stored);
  must("jobs have ids of their own", new Set(after.jobs.map(({ id }) => id)).size === after.jobs.length);
  must("jobs do not pile up", after.jobs.length < EVENTS + 5);
  // Until it is forgotten, a session always has something that will wake it.
  if (!isEnded(after.life)) must("time ends it", (nextDeadline(after) ?? Infinity) <= after.expiresAt);
}

/** Whoever hears every event knows what the record says. */
function checkTold(told: Happening[], record: SessionRecord): void {
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1));
  const marks = told.flatMap((event) => (event.type === "mark" ? [[event.name, event.ms]] : []));
  expect(Object.fromEntries(marks)).toEqual(record.timeline);
  expect(marks).toHaveLength(Object.keys(record.timeline).length);
  const states = told.flatMap((event) => (event.type === "state" ? [event] : []));
  expect(states.at(-1)?.state).toBe(record.life.state);
  expect(states.at(-1)?.reason).toBe(isEnded(record.life) ? record.life.reason : undefined);
  const lines = told.flatMap((event) => (event.type === "transcript" ? [event.entry.seq] : []));
  expect(lines).toEqual(Array.from({ length: record.transcript.entries }, (_, seq) => seq));
  const usages = told.flatMap((event) => (event.type === "usage" ? [event.usage] : []));
  expect(usages.at(-1) ?? { promptTokens: 0, responseTokens: 0, totalTokens: 0 }).toEqual(record.usage);
  expect(told.findLast(({ type }) => type === "bot")).toMatchObject({ attempt: record.bot.attempt });
}

/** Lets time alone do the rest, with everything outside working. */
function settle(start: SessionRecord): { record: SessionRecord; forgotten: boolean; rounds: number } {
  let record = start;
  let forgotten = false;
  let rounds = 0;
  for (let at = nextDeadline(record); at !== undefined && rounds < 50; at = nextDeadline(record)) {
    rounds++;
    const step = next(record, { kind: "clock", at });
    record = step.record;
    for (const effect of step.effects) {
      if (effect.kind === "forget") forgotten = true;
      if (effect.kind === "do") record = next(record, { kind: "job-done", jobId: effect.job.id, at }).record;
    }
  }
  return { record, forgotten, rounds };
}

test(`whatever happens in whichever order, a session ends, and in the end nothing is left (${SEQUENCES} seeds)`, {
  timeout: TIMEOUT_MS,
}, () => {
  expect(SEQUENCES).toBeGreaterThan(0);
  for (let seed = 1; seed <= SEQUENCES; seed++) {
    const random = randomOf(seed);
    let at = START;
    let record = newRecord({
      sessionId: "s",
      createdAt: START,
      expiresAt: START + 3_600_000,
      linkGraceMs: 3_000,
      language: "en-US",
      callerId: "user-1",
      owner: "token:a",
      fingerprint: undefined,
      claims: [
        { of: "user", name: "user a", limit: 3, expiresAt: START + 3_600_000 },
        { of: "room", name: "room vrd-1", limit: 1, expiresAt: START + 3_600_000 },
      ],
      room: { name: "vrd-1", url: "https://example.daily.co/vrd-1", owned: random() < 0.8 },
    });
    const told = happeningsOf(undefined, record, { entries: [], at });
    record = { ...record, happenings: told.length };
    try {
      for (let i = 0; i < EVENTS; i++) {
        at += Math.floor(random() * 4_000);
        const event = randomEvent(record, at, random);
        // A machine that changed what it was given would throw here.
        const step = next(deepFreeze(record), event);
        check(record, step.record, event, step.effects);
        const entries = step.effects.flatMap((effect) =>
          effect.kind === "store-entry" ? [effect.entry] : [],
        );
        const happened = happeningsOf(record, step.record, { entries, at });
        told.push(...happened);
        record = { ...step.record, happenings: step.record.happenings + happened.length };
      }
      checkTold(told, record);
      const settled = settle(record);
      expect(isEnded(settled.record.life)).toBe(true);
      expect(settled.record.jobs).toEqual([]);
      expect(settled.record.claims).toEqual([]);
      expect(settled.rounds).toBeLessThan(50);
      expect(settled.forgotten).toBe(true);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});
