import { expect, inject, test } from "vitest";
import type { Happening } from "../../protocol/events.ts";
import type { BotReport } from "../../protocol/link.ts";
import { EndReason } from "../../protocol/session.ts";
import { RandomWorld } from "../testing/random-world.ts";
import { happeningsOf } from "./happenings.ts";
import { next } from "./next.ts";
import { nextDeadline } from "./next-deadline.ts";
import { isEnded, newRecord, type SessionRecord, successorOf } from "./record.ts";
import { MAX_RECOVERIES, RECOVERY_WITHIN_MS } from "./recovery.ts";
import { isLinkOf } from "./reports.ts";
import type { Effect, SessionEvent, Step } from "./step.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** How many orders of events are tried: `SESSION_SEEDS` of the environment, for a longer look. */
    sessionSeeds: number;
  }
}

const SEQUENCES = inject("sessionSeeds");
/** A seed takes some milliseconds; this is for a machine that has much else to do. */
const TIMEOUT_MS = 5_000 + 40 * SEQUENCES;
const EVENTS = 80;
/** Of time alone, until nothing is left to do. */
const MAX_ROUNDS = 150;
const START = 1_000_000;

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
  if (before.life.state !== "starting") must("nothing begins twice", after.life.state !== "starting");
  for (const [mark, ms] of Object.entries(after.timeline)) {
    must(`${mark} is in the past`, ms >= 0 && ms <= event.at - START);
    const earlier = before.timeline[mark as keyof typeof before.timeline];
    must(`${mark} stays as it was`, earlier === undefined || ms === earlier);
  }
  must("what has ended knows when", isEnded(after.life) === (after.timeline.ended !== undefined));
  const stored = effects.filter(({ kind }) => kind === "store-entry").length;
  must("what is counted is stored", after.transcript.entries - before.transcript.entries === stored);
  must("jobs have ids of their own", new Set(after.jobs.map(({ id }) => id)).size === after.jobs.length);
  must("jobs do not pile up", after.jobs.length < 15);
  must("tokens are not taken back", after.usage.totalTokens >= before.usageBefore.totalTokens);
  // Until it is forgotten, a session always has something that will wake it.
  if (!isEnded(after.life)) must("time ends it", (nextDeadline(after) ?? Infinity) <= after.expiresAt);
  if (event.kind === "reported") {
    const counts = [before.bot, successorOf(before)].some((bot) => bot && isLinkOf(bot, event.linkId));
    must("nobody else is heard", counts || (after === before && effects.length === 0));
  }
  checkBots(before, after, effects);
}

/** One bot counts, at most one more is on its way, and whoever went before is out for good. */
function checkBots(before: SessionRecord, after: SessionRecord, effects: Effect[]): void {
  const successor = successorOf(after);
  must("attempts go up", after.bot.attempt >= before.bot.attempt && after.lastAttempt >= before.lastAttempt);
  must("no number is given twice", after.lastAttempt >= (successor ?? after.bot).attempt);
  must("the successor is newer", successor === undefined || successor.attempt > after.bot.attempt);
  if (after.bot.attempt === before.bot.attempt) {
    must("reports are counted up", after.bot.appliedSeq >= before.bot.appliedSeq);
  } else {
    const wasSuccessor = successorOf(before)?.attempt === after.bot.attempt;
    must("who comes is new, or the successor", wasSuccessor || after.bot.attempt > before.lastAttempt);
    must("nobody is there to talk", after.life.state === "recovering");
  }
  if (isEnded(after.life)) {
    must("an end has no successor", after.relief === undefined);
    must("an end has no handle", after.handle === undefined);
    must("an end ejects by clearing the room", !after.jobs.some(({ kind }) => kind === "eject"));
    return;
  }
  must("recoveries are bounded", after.recoveries <= MAX_RECOVERIES);
  must("reliefs are bounded", (after.relief?.tries ?? 0) <= MAX_RECOVERIES);
  const { life, relief } = after;
  const isLost = life.state === "recovering";
  must("only who is in the room is relieved", !(isLost && successor));
  const searches = [isLost && life.step.kind === "dispatching", relief?.step.kind === "dispatching"];
  must("one host is looked for at a time", searches.filter(Boolean).length <= 1);
  for (const effect of effects) {
    if (effect.kind === "let-in") {
      const first = after.jobs.some((job) => job.kind === "eject" && job.awaited && job.failures === 0);
      must("let in when the room is free", after.room.ready && !first);
      must("let in is the one that counts", after.bot.link.kind === "open");
    }
  }
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

function randomEvent(record: SessionRecord, world: RandomWorld, at: number): SessionEvent {
  const { random, pick } = world;
  const entry = { role: "user", text: "x", at: new Date(at).toISOString() } as const;
  const mark = (name: "botJoined" | "clientJoined" | "clientReady" | "firstBotAudio"): BotReport => ({
    kind: "mark",
    mark: name,
    at: at - 1_000 + random() * 2_000,
  });
  const report = (isSuccessor: boolean): BotReport =>
    pick<() => BotReport>([
      ...Array.from({ length: isSuccessor ? 8 : 0 }, () => (): BotReport => ({ kind: "prepared" })),
      () => mark("botJoined"),
      () => mark("botJoined"),
      () => mark("clientJoined"),
      () => mark(pick(["clientReady", "firstBotAudio"])),
      () => ({ kind: "transcript", entry }),
      () => ({ kind: "turns", turns: { count: 1, interrupted: 0 } }),
      () => ({ kind: "usage", usage: { promptTokens: 1, responseTokens: 1, totalTokens: 2 } }),
      () => ({ kind: "handle", handle: "h" }),
      () => ({ kind: "client", rtviVersion: "1.2.0" }),
      () => ({ kind: "draining" }),
      () => ({ kind: "draining" }),
      () => ({ kind: "prepared" }),
      () => ({ kind: "handed-over" }),
      () => ({ kind: "ended", reason: random() < 0.8 ? "bot_lost" : pick(EndReason.options) }),
    ])();
  const seqs = new Map([record.bot, successorOf(record)].map((bot) => [bot?.attempt, bot?.appliedSeq ?? 0]));
  const reported = (): SessionEvent => {
    const linkId = world.anyLink();
    const attempt = world.attemptOf(linkId);
    const seq = Math.max(1, (seqs.get(attempt) ?? 0) + pick([-1, 0, 1, 1, 1, 2]));
    return { kind: "reported", linkId, seq, report: report(attempt !== record.bot.attempt), at };
  };
  const opened = (): SessionEvent => {
    const attempt = pick([record.bot.attempt, successorOf(record)?.attempt ?? 1, world.anyAttempt(record)]);
    return { kind: "link-opened", attempt, linkId: record.lastId + 1, at };
  };
  const search = (): SessionEvent => {
    const attempt = world.anySearch();
    if (random() < 0.6) return { kind: "dispatched", attempt, hostId: pick(["a", "b", "c"]), at };
    return { kind: "dispatch-failed", attempt, unsureHostId: pick(["a", undefined]), at };
  };
  const botHostId = pick(["a", undefined]);
  return pick<() => SessionEvent>([
    () => ({ kind: "room-ready", at }),
    ...Array.from({ length: 6 }, () => search),
    ...Array.from({ length: 6 }, () => opened),
    ...Array.from({ length: 12 }, () => reported),
    ...Array.from({ length: 6 }, () => (): SessionEvent => ({ kind: "clock", at })),
    () => ({ kind: "link-closed", linkId: world.anyLink(), at }),
    () => ({ kind: "link-closed", linkId: world.anyLink(), at }),
    () => ({ kind: "link-heard", linkId: world.anyLink(), at }),
    () => ({ kind: "job-done", jobId: world.anyJob(record), at }),
    () => ({ kind: "job-done", jobId: world.anyJob(record), at }),
    () => ({ kind: "job-failed", jobId: world.anyJob(record), jitter: random(), at }),
    () =>
      random() < 0.8
        ? { kind: "clock", at }
        : pick<SessionEvent>([
            { kind: "stop-asked", at },
            { kind: "start-failed", reason: "daily_failed", botHostId, at },
          ]),
  ])();
}

/** Lets time alone do the rest. Jobs are done; hosts take calls, or do not, or never answer; no bot comes. */
function settle(start: SessionRecord, world: RandomWorld): { record: SessionRecord; rounds: number } {
  let record = start;
  let rounds = 0;
  const take = ({ record: changed, effects }: Step, at: number): void => {
    record = changed;
    world.note(record, effects);
    for (const effect of effects) {
      if (effect.kind === "do") take(next(record, { kind: "job-done", jobId: effect.job.id, at }), at);
      if (effect.kind !== "dispatch") continue;
      const { attempt } = effect.bot;
      const answer = world.pick(["yes", "no", "never"]);
      if (answer === "yes") take(next(record, { kind: "dispatched", attempt, hostId: "a", at }), at);
      if (answer === "no")
        take(next(record, { kind: "dispatch-failed", attempt, unsureHostId: "a", at }), at);
    }
  };
  for (let at = nextDeadline(record); at !== undefined && rounds < MAX_ROUNDS; at = nextDeadline(record)) {
    rounds++;
    take(next(record, { kind: "clock", at }), at);
    const { life } = record;
    if (life.state !== "recovering") continue;
    must("nobody recovers for ever", at - life.since < RECOVERY_WITHIN_MS);
  }
  return { record, rounds };
}

test(`whatever happens in whichever order, a session ends, and in the end nothing is left (${SEQUENCES} seeds)`, {
  timeout: TIMEOUT_MS,
}, () => {
  expect(SEQUENCES).toBeGreaterThan(0);
  const seen = { replaced: 0, relieved: 0 };
  for (let seed = 1; seed <= SEQUENCES; seed++) {
    const world = new RandomWorld(seed);
    let at = START;
    let record = newRecord({
      sessionId: `s${seed}`,
      createdAt: START,
      expiresAt: START + 3_600_000,
      linkGraceMs: 3_000,
      silentMs: 30_000,
      language: "en-US",
      callerId: "user-1",
      owner: "token:a",
      fingerprint: undefined,
      claims: [
        { of: "user", name: "user a", limit: 3, expiresAt: START + 3_600_000 },
        { of: "room", name: "room vrd-1", limit: 1, expiresAt: START + 3_600_000 },
      ],
      room: { name: "vrd-1", url: "https://example.daily.co/vrd-1", owned: world.random() < 0.8 },
    });
    const told = happeningsOf(undefined, record, { entries: [], at });
    record = { ...record, happenings: told.length };
    try {
      for (let i = 0; i < EVENTS; i++) {
        at += Math.floor(world.random() * world.pick([100, 100, 100, 400, 4_000, 4_000, 20_000]));
        const event = randomEvent(record, world, at);
        // A machine that changed what it was given would throw here.
        const step = next(deepFreeze(record), event);
        check(record, step.record, event, step.effects);
        world.take(event);
        world.note(step.record, step.effects);
        if (successorOf(record)?.attempt === step.record.bot.attempt) seen.relieved++;
        else if (step.record.bot.attempt > record.bot.attempt) seen.replaced++;
        const entries = step.effects.flatMap((effect) =>
          effect.kind === "store-entry" ? [effect.entry] : [],
        );
        const happened = happeningsOf(record, step.record, { entries, at });
        told.push(...happened);
        record = { ...step.record, happenings: step.record.happenings + happened.length };
      }
      checkTold(told, record);
      const settled = settle(record, world);
      expect(isEnded(settled.record.life)).toBe(true);
      expect(settled.record.jobs).toEqual([]);
      expect(settled.record.claims).toEqual([]);
      expect(settled.rounds).toBeLessThan(MAX_ROUNDS);
      expect(world.forgotten).toBe(true);
      expect(world.links()).toEqual([]);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  // Or none of this was looked at.
  expect(Math.min(seen.replaced, seen.relieved)).toBeGreaterThan(SEQUENCES / 20);
});
