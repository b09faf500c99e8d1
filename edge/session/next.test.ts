import { describe, expect, test } from "vitest";
import type { BotReport } from "../../protocol/link.ts";
import { MAX_JOB_FAILURES, REAP_AFTER_MS } from "./duties.ts";
import { next } from "./next.ts";
import { JOIN_DEADLINE_MS, nextDeadline } from "./next-deadline.ts";
import { type Claim, type Job, newRecord, type SessionRecord } from "./record.ts";
import { MAX_TRANSCRIPT_CHARS, MAX_TRANSCRIPT_ENTRIES } from "./reports.ts";
import type { Effect, SessionEvent } from "./step.ts";

const START = 1_000_000;
const MINUTE_MS = 60_000;

function fresh(room: Partial<SessionRecord["room"]> = {}, claims: Claim[] = []): SessionRecord {
  return newRecord({
    sessionId: "s",
    createdAt: START,
    expiresAt: START + 60 * MINUTE_MS,
    linkGraceMs: 3_000,
    silentMs: 30_000,
    language: "en-US",
    callerId: "user-1",
    owner: undefined,
    fingerprint: undefined,
    claims,
    room: { name: "vrd-1", url: "https://example.daily.co/vrd-1", owned: true, ...room },
  });
}

/** Applies events one after the other; the effects are those of the last. */
function run(record: SessionRecord, ...events: SessionEvent[]): { record: SessionRecord; effects: Effect[] } {
  return events.reduce<{ record: SessionRecord; effects: Effect[] }>(
    (step, event) => next(step.record, event),
    {
      record,
      effects: [],
    },
  );
}

function report(seq: number, said: BotReport, at = START + 100): SessionEvent {
  return { kind: "reported", linkId: 1, seq, report: said, at };
}

const roomReady: SessionEvent = { kind: "room-ready", at: START + 50 };
const dispatched: SessionEvent = { kind: "dispatched", attempt: 1, hostId: "host", at: START + 60 };
const linkOpened: SessionEvent = { kind: "link-opened", attempt: 1, linkId: 1, at: START + 70 };
const stopAsked: SessionEvent = { kind: "stop-asked", at: START + 200 };
const botJoined = report(1, { kind: "mark", mark: "botJoined", at: START + 90 });
const clientJoined = report(2, { kind: "mark", mark: "clientJoined", at: START + 95 });

function jobs(record: SessionRecord): [Job["kind"], number][] {
  return record.jobs.map(({ kind, dueAt }): [Job["kind"], number] => [kind, dueAt]).sort();
}

describe("starting", () => {
  test("room and dispatch leave their marks; neither makes the session active", () => {
    const { record } = run(fresh(), roomReady, dispatched);
    expect(record.life).toEqual({ state: "starting" });
    expect(record.timeline).toEqual({ room: 50, dispatched: 60 });
    expect(record.bot.hostId).toBe("host");
  });

  test("room-ready is said once to a link, whichever comes first", () => {
    const say = { kind: "let-in", linkId: 1, from: undefined };
    expect(run(fresh(), roomReady).effects).toEqual([]);
    expect(run(fresh(), roomReady, linkOpened).effects).toEqual([say]);
    expect(run(fresh(), linkOpened).effects).toEqual([]);
    expect(run(fresh(), linkOpened, roomReady).effects).toEqual([say]);
  });

  test("botJoined makes it active, once", () => {
    const { record } = run(fresh(), roomReady, dispatched, linkOpened, botJoined);
    expect(record.life).toEqual({ state: "active" });
    expect(record.timeline.botJoined).toBe(90);
    const again = run(
      record,
      report(9, { kind: "mark", mark: "botJoined", at: START + 5_000 }, START + 5_000),
    );
    expect(again.record.timeline.botJoined).toBe(90);
  });

  test("a failed start ends at once, with the room cleared and the bot stopped at once", () => {
    const at = START + 80;
    const { record } = run(fresh(), dispatched, {
      kind: "start-failed",
      reason: "daily_failed",
      botHostId: "host",
      at,
    });
    expect(record.life).toEqual({ state: "failed", reason: "daily_failed", endedAt: at });
    expect(jobs(record)).toEqual([
      ["clear-room", at],
      ["forget", at + 24 * 60 * MINUTE_MS],
      ["stop-bot", at],
    ]);
  });

  test("a room or a host that says yes after the end is undone", () => {
    const ended = run(fresh(), stopAsked).record;
    expect(jobs(ended).map(([kind]) => kind)).toEqual(["clear-room", "forget"]);
    const late = run(
      { ...ended, jobs: [] },
      { kind: "room-ready", at: START + 300 },
      { kind: "dispatched", attempt: 1, hostId: "host", at: START + 310 },
    ).record;
    expect(jobs(late)).toEqual([
      ["clear-room", START + 300],
      ["stop-bot", START + 310],
    ]);
  });
});

describe("ending", () => {
  const living = run(fresh(), roomReady, dispatched, linkOpened, botJoined, clientJoined).record;

  test("stop tells the bot, then leaves time for last words before link and room go", () => {
    const { record, effects } = run(living, stopAsked);
    expect(effects).toEqual([{ kind: "send", linkId: 1, command: { type: "stop", reason: "stopped" } }]);
    expect(record.life).toEqual({ state: "completed", reason: "stopped", endedAt: START + 200 });
    expect(record.timeline.ended).toBe(200);
    expect(jobs(record)).toEqual([
      ["clear-room", START + 5_200],
      ["close-link", START + 2_200],
      ["forget", START + 200 + 24 * 60 * MINUTE_MS],
      ["stop-bot", START + 2_200],
    ]);
  });

  test("a link that the bot closes after its stop needs no closing by us", () => {
    const { record } = run(living, stopAsked, { kind: "link-closed", linkId: 1, at: START + 300 });
    expect(jobs(record).map(([kind]) => kind)).toEqual(["clear-room", "forget", "stop-bot"]);
  });

  test("without a link only the host can tell the bot, so it is told at once", () => {
    const { record, effects } = run(fresh(), roomReady, dispatched, stopAsked);
    expect(effects).toEqual([]);
    expect(jobs(record)).toContainEqual(["stop-bot", START + 200]);
  });

  test("the first end stays, whatever comes after", () => {
    const ended = run(living, stopAsked).record;
    const later = run(
      ended,
      { kind: "stop-asked", at: START + 300 },
      report(3, { kind: "ended", reason: "gemini_failed" }),
      report(4, { kind: "mark", mark: "botJoined", at: START + 400 }),
      { kind: "clock", at: START + 61 * MINUTE_MS },
    ).record;
    expect(later.life).toEqual(ended.life);
  });

  test.each([
    ["stopped", "completed"],
    ["client_left", "completed"],
    ["idle", "completed"],
    ["expired", "completed"],
    ["never_joined", "failed"],
    ["gemini_failed", "failed"],
    ["no_capacity", "failed"],
  ] as const)("a bot that ends by %s makes it %s, and is not told to stop", (reason, state) => {
    const { record, effects } = run(living, report(3, { kind: "ended", reason }));
    expect(record.life).toMatchObject({ state, reason });
    expect(effects).toEqual([{ kind: "send", linkId: 1, command: { type: "ack", seq: 3 } }]);
    expect(jobs(record).map(([kind]) => kind)).toEqual(["clear-room", "close-link", "forget"]);
  });
});

describe("time", () => {
  test("nobody joined: never_joined, also when the bot did", () => {
    const { record } = run(fresh(), roomReady, dispatched, linkOpened, botJoined);
    const pinged = run(record, { kind: "link-heard", linkId: 1, at: START + JOIN_DEADLINE_MS - 1 }).record;
    expect(nextDeadline(pinged)).toBe(START + JOIN_DEADLINE_MS);
    const early = run(pinged, { kind: "clock", at: START + JOIN_DEADLINE_MS - 1 }).record;
    expect(early.life.state).toBe("active");
    const late = run(pinged, { kind: "clock", at: START + JOIN_DEADLINE_MS }).record;
    expect(late.life).toMatchObject({ state: "failed", reason: "never_joined" });
  });

  test("expiry ends a session that is in use", () => {
    const living = run(fresh(), roomReady, dispatched, linkOpened, botJoined, clientJoined).record;
    const pinged = run(living, { kind: "link-heard", linkId: 1, at: living.expiresAt - 1_000 }).record;
    expect(nextDeadline(pinged)).toBe(living.expiresAt);
    const { record, effects } = run(pinged, { kind: "clock", at: living.expiresAt });
    expect(record.life).toMatchObject({ state: "completed", reason: "expired" });
    expect(effects[0]).toEqual({ kind: "send", linkId: 1, command: { type: "stop", reason: "expired" } });
  });

  test("of two ends that are due the earlier one is the reason, and nobody is replaced any more", () => {
    const record = run(fresh(), linkOpened, { kind: "link-closed", linkId: 1, at: START + 1_000 }).record;
    const late = run(record, { kind: "clock", at: START + 99 * MINUTE_MS });
    expect(late.record.life).toMatchObject({ reason: "never_joined" });
    expect(late.effects.map(({ kind }) => kind)).not.toContain("dispatch");
  });

  test("a clock before any deadline changes nothing", () => {
    const { record, effects } = run(fresh(), { kind: "clock", at: START + 1 });
    expect(record).toEqual(fresh());
    expect(effects).toEqual([]);
  });

  test("nothing is forgotten while something is owed to the outside, however late the alarm comes", () => {
    const at = START + 25 * 60 * MINUTE_MS;
    const late = run(run(fresh(), dispatched, stopAsked).record, { kind: "clock", at });
    expect(late.effects.map((effect) => (effect.kind === "do" ? effect.job.kind : effect.kind))).toEqual([
      "stop-bot",
      "clear-room",
    ]);
    const done = late.record.jobs.filter(({ kind }) => kind !== "forget");
    const record = run(
      late.record,
      ...done.map(({ id }): SessionEvent => ({ kind: "job-done", jobId: id, at })),
    ).record;
    expect(jobs(record)).toEqual([
      ["forget", at + MINUTE_MS],
      ["reap", at + REAP_AFTER_MS],
    ]);
    const reap = record.jobs.find(({ kind }) => kind === "reap")?.id ?? -1;
    const reaped = run(record, { kind: "job-done", jobId: reap, at: at + MINUTE_MS }).record;
    expect(run(reaped, { kind: "clock", at: at + MINUTE_MS }).effects).toEqual([{ kind: "forget" }]);
  });

  test("everything is forgotten in the end, and then there is no deadline", () => {
    let { record } = run(fresh(), stopAsked);
    record = { ...record, jobs: record.jobs.filter(({ kind }) => kind === "forget") };
    const forgotten = run(record, { kind: "clock", at: START + 25 * 60 * MINUTE_MS });
    expect(forgotten.effects).toEqual([{ kind: "forget" }]);
    expect(nextDeadline(forgotten.record)).toBeUndefined();
  });
});

describe("the link", () => {
  const linked = run(fresh(), roomReady, dispatched, linkOpened, botJoined, clientJoined).record;

  test("its loss starts the grace, its return ends it", () => {
    const lost = run(linked, { kind: "link-closed", linkId: 1, at: START + 1_000 }).record;
    expect(nextDeadline(lost)).toBe(START + 4_000);
    const back = run(lost, { kind: "link-opened", attempt: 1, linkId: 5, at: START + 3_999 }).record;
    expect(nextDeadline(back)).toBe(START + 33_999);
  });

  test("the close of a link that was replaced is no loss", () => {
    const replaced = run(linked, { kind: "link-opened", attempt: 1, linkId: 5, at: START + 500 }).record;
    expect(run(replaced, { kind: "link-closed", linkId: 1, at: START + 501 }).record).toEqual(replaced);
  });
});

describe("the transcript", () => {
  const entry = {
    role: "user",
    text: "x".repeat(MAX_TRANSCRIPT_CHARS / 2),
    at: "2026-01-01T00:00:00Z",
  } as const;

  test("is numbered from 0 and bounded; what does not fit is refused aloud, and acknowledged", () => {
    const first = run(fresh(), linkOpened, report(1, { kind: "transcript", entry }));
    expect(first.effects[1]).toEqual({ kind: "store-entry", entry: { ...entry, seq: 0 } });
    const second = run(first.record, report(2, { kind: "transcript", entry }));
    expect(second.effects[1]).toMatchObject({ kind: "store-entry", entry: { seq: 1 } });
    const third = run(second.record, report(3, { kind: "transcript", entry }));
    expect(third.effects).toEqual([
      { kind: "send", linkId: 1, command: { type: "ack", seq: 3 } },
      { kind: "refuse-entry", chars: entry.text.length },
    ]);
    expect(third.record.transcript).toEqual({ entries: 2, chars: MAX_TRANSCRIPT_CHARS });
  });

  test("is bounded in lines as well: those without a character would be stored for ever", () => {
    const empty = { kind: "transcript", entry: { ...entry, text: "" } } as const;
    const full = { ...fresh(), transcript: { entries: MAX_TRANSCRIPT_ENTRIES - 1, chars: 0 } };
    const last = run(full, linkOpened, report(1, empty));
    expect(last.effects[1]).toMatchObject({ kind: "store-entry" });
    const more = run(last.record, report(2, empty));
    expect(more.effects[1]).toEqual({ kind: "refuse-entry", chars: 0 });
    expect(more.record.transcript.entries).toBe(MAX_TRANSCRIPT_ENTRIES);
  });
});

describe("jobs", () => {
  const ended = run(fresh(), dispatched, stopAsked).record;

  test("are done when due, and stay until we hear how it went", () => {
    const { record, effects } = run(ended, { kind: "clock", at: START + 200 });
    const [job] = record.jobs.filter(({ kind }) => kind === "stop-bot");
    expect(effects).toEqual([{ kind: "do", job }]);
    expect(job).toMatchObject({ hostId: "host", attempt: 1, failures: 0 });
    const done = run(record, { kind: "job-done", jobId: job?.id ?? -1, at: START + 250 }).record;
    expect(jobs(done).map(([kind]) => kind)).toEqual(["clear-room", "forget"]);
  });

  test("that fail are tried again later each time, and given up in the end", () => {
    const jobId = ended.jobs.find(({ kind }) => kind === "stop-bot")?.id ?? -1;
    let record = ended;
    let at = START + 200;
    const waits: number[] = [];
    for (let failures = 1; failures < MAX_JOB_FAILURES; failures++) {
      record = run(record, { kind: "job-failed", jobId, jitter: 0, at }).record;
      const dueAt = record.jobs.find(({ id }) => id === jobId)?.dueAt ?? 0;
      waits.push(dueAt - at);
      at = dueAt;
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000]);
    record = run(record, { kind: "job-failed", jobId, jitter: 0, at }).record;
    expect(record.jobs.some(({ id }) => id === jobId)).toBe(false);
  });
});

describe("claims", () => {
  const user = { of: "user", name: "user ada", limit: 3, expiresAt: START + 60 * MINUTE_MS } as const;
  const room = { of: "room", name: "room lobby", limit: 1, expiresAt: START + 62 * MINUTE_MS } as const;
  const holding = run(fresh({ owned: false }, [user, room]), roomReady, dispatched, linkOpened).record;

  const releases = (effects: Effect[]) =>
    effects.flatMap((effect) =>
      effect.kind === "do" && effect.job.kind === "release-claim" ? [effect.job.claim] : [],
    );

  test.each([
    ["a stop", stopAsked],
    ["its bot", report(3, { kind: "ended", reason: "client_left" })],
    ["time", { kind: "clock", at: START + JOIN_DEADLINE_MS }],
    [
      "a start that failed",
      { kind: "start-failed", reason: "no_capacity", botHostId: undefined, at: START + 80 },
    ],
  ] as const)("the user's is let go of at the end by %s, at once and once; the room's is not", (_, event) => {
    const ended = run(holding, event);
    expect(releases(ended.effects)).toEqual([user.name]);
    expect(ended.record.claims).toEqual([room]);
    expect(releases(run(ended.record, stopAsked).effects)).toEqual([]);
  });

  const ended = run(holding, stopAsked).record;
  const clearing = ended.jobs.find(({ kind }) => kind === "clear-room")?.id ?? -1;

  test("the room's is let go of once the room is clear", () => {
    const cleared = run(ended, { kind: "job-done", jobId: clearing, at: START + 6_000 });
    expect(releases(cleared.effects)).toEqual([room.name]);
    expect(cleared.record.claims).toEqual([]);
  });

  test("the room's is let go of once clearing it is given up, and not before", () => {
    let step = { record: ended, effects: [] as Effect[] };
    for (let failures = 1; failures <= MAX_JOB_FAILURES; failures++) {
      expect(releases(step.effects)).toEqual([]);
      step = run(step.record, { kind: "job-failed", jobId: clearing, jitter: 0, at: START + 6_000 });
    }
    expect(releases(step.effects)).toEqual([room.name]);
  });

  test("a release is owed until it is known to be done", () => {
    const owed = ended.jobs.find(({ kind }) => kind === "release-claim");
    expect(owed).toMatchObject({ claim: user.name, dueAt: START + 2_200 });
    const due = run(ended, { kind: "clock", at: START + 2_200 });
    expect(releases(due.effects)).toEqual([user.name]);
    const done = run(due.record, { kind: "job-done", jobId: owed?.id ?? -1, at: START + 2_300 }).record;
    expect(jobs(done).map(([kind]) => kind)).not.toContain("release-claim");
  });
});
