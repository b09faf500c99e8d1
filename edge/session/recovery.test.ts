import { describe, expect, test } from "vitest";
import type { BotReport } from "../../protocol/link.ts";
import { callRecord, effectsOf, freshRecord, run, START } from "../testing/session-record.ts";
import { nextDeadline } from "./next-deadline.ts";
import type { SessionRecord } from "./record.ts";
import {
  DISPATCH_WITHIN_MS,
  MAX_EARLY_RECOVERIES,
  MAX_RECOVERIES,
  RECOVERY_WITHIN_MS,
  STABLE_MS,
} from "./recovery.ts";
import type { SessionEvent, Step } from "./step.ts";

const call = callRecord();
const LOST_AT = START + 10_000;

function report(linkId: number, seq: number, said: BotReport, at: number): SessionEvent {
  return { kind: "reported", linkId, seq, report: said, at };
}

const lost: SessionEvent[] = [
  { kind: "link-closed", linkId: 1, at: LOST_AT - 3_000 },
  { kind: "clock", at: LOST_AT },
];

/** Puts the second bot in the room, over link 50. */
function joins(at: number): SessionEvent[] {
  return [
    { kind: "dispatched", attempt: 2, hostId: "b", at },
    { kind: "link-opened", attempt: 2, linkId: 50, at },
    report(50, 1, { kind: "mark", mark: "botJoined", at }, at),
  ];
}

function ejections({ record }: Step) {
  return record.jobs.flatMap((job) => (job.kind === "eject" ? [job] : []));
}

describe("a bot that is lost", () => {
  const step = run(call, ...lost);

  test("is put out of the room and stopped, and another is sent for at once, elsewhere if it can be", () => {
    expect(step.record.life).toEqual({
      state: "recovering",
      since: LOST_AT,
      step: { kind: "dispatching", until: LOST_AT + DISPATCH_WITHIN_MS },
    });
    expect(effectsOf(step, "dispatch")).toEqual([
      { kind: "dispatch", bot: step.record.bot, avoid: ["a"], except: undefined },
    ]);
    expect(step.record.bot).toMatchObject({ attempt: 2, hostId: undefined, how: "recovery", appliedSeq: 0 });
    expect(effectsOf(step, "do").map(({ job }) => job)).toMatchObject([
      { kind: "eject", upTo: 1, awaited: true },
      { kind: "stop-bot", hostId: "a", attempt: 1 },
    ]);
  });

  test("is not heard any more, nor let back in", () => {
    const said = { role: "user", text: "late", at: "2026-01-01T00:00:00Z" } as const;
    const late = run(step.record, report(1, 3, { kind: "transcript", entry: said }, LOST_AT + 1));
    expect(late).toEqual({ record: step.record, effects: [] });
    const back = run(step.record, { kind: "link-opened", attempt: 1, linkId: 60, at: LOST_AT + 1 });
    expect(back.effects).toEqual([{ kind: "close-link", linkId: 60, code: "outdated" }]);
    expect(back.record.bot).toBe(step.record.bot);
  });

  test("has its open link closed, when it was silent", () => {
    const silent = run(call, { kind: "clock", at: START + 100 + 30_000 });
    expect(silent.record.life.state).toBe("recovering");
    expect(silent.effects[0]).toEqual({ kind: "close-link", linkId: 1, code: "outdated" });
    const pinged = run(
      call,
      { kind: "link-heard", linkId: 1, at: START + 5_000 },
      { kind: "clock", at: START + 100 + 30_000 },
    );
    expect(pinged.record.life.state).toBe("active");
    expect(nextDeadline(pinged.record)).toBe(START + 35_000);
  });

  test("need not be waited for when it says so itself", () => {
    const said = run(call, report(1, 3, { kind: "ended", reason: "bot_lost" }, LOST_AT));
    expect(said.record.life.state).toBe("recovering");
    expect(said.effects.slice(0, 2)).toEqual([
      { kind: "send", linkId: 1, command: { type: "ack", seq: 3 } },
      { kind: "close-link", linkId: 1, code: "outdated" },
    ]);
    expect(effectsOf(said, "dispatch")).toHaveLength(1);
  });

  test("by Daily's fault ends the session, unless it was to take over and could not come in", () => {
    const fails = (linkId: number) =>
      report(linkId, 3, { kind: "ended", reason: "daily_failed" }, LOST_AT + 1_000);
    expect(run(call, fails(1)).record.life).toMatchObject({ state: "failed", reason: "daily_failed" });
    const opened = { kind: "link-opened", attempt: 2, linkId: 50, at: LOST_AT + 500 } as const;
    const { record } = run(call, ...lost, opened, fails(50));
    expect(record).toMatchObject({ life: { state: "recovering" }, recoveries: 2 });
  });

  test("of which nothing was ever heard is as good as lost", () => {
    const sent = run(freshRecord(), { kind: "dispatched", attempt: 1, hostId: "a", at: START + 60 }).record;
    expect(nextDeadline(sent)).toBe(START + 60 + 30_000);
    const step = run(sent, { kind: "clock", at: START + 60 + 30_000 });
    expect(step.record.bot.attempt).toBe(2);
    // It cannot well be in the room; it is put out before the next one is let in all the same.
    expect(ejections(step)).toEqual([]);
    const taken = run(step.record, { kind: "dispatched", attempt: 2, hostId: "b", at: START + 31_000 });
    expect(ejections(taken)).toMatchObject([{ upTo: 1, awaited: true }]);
  });

  test("while we were away ourselves gets its grace once more, and only once", () => {
    const closed = run(call, { kind: "link-closed", linkId: 1, at: LOST_AT }).record;
    const away = run(closed, { kind: "clock", at: LOST_AT + 9_000 });
    expect(away.record.life.state).toBe("active");
    expect(nextDeadline(away.record)).toBe(LOST_AT + 12_000);
    expect(run(away.record, { kind: "clock", at: LOST_AT + 30_000 }).record.life.state).toBe("recovering");
  });
});

describe("the bot that takes over", () => {
  const recovering = run(call, ...lost);

  test("is let in once the other is put out, or could not be", () => {
    const linked = run(recovering.record, { kind: "link-opened", attempt: 2, linkId: 50, at: LOST_AT + 300 });
    expect(linked.effects).toEqual([]);
    // Its host's yes was not heard, but here it is.
    expect(linked.record.life).toMatchObject({ step: { kind: "joining" } });
    const jobId = ejections(linked)[0]?.id ?? -1;
    const letIn = [{ kind: "let-in", linkId: 50, from: undefined }];
    const out = run(linked.record, { kind: "job-done", jobId, at: LOST_AT + 400 });
    expect(out.effects).toEqual(letIn);
    const failed = run(linked.record, { kind: "job-failed", jobId, jitter: 0, at: LOST_AT + 400 });
    expect(failed.effects).toEqual(letIn);
    const again = run(failed.record, { kind: "job-failed", jobId, jitter: 0, at: LOST_AT + 3_000 });
    expect(again.effects).toEqual([]);
  });

  test("makes the session active when it is in the room, and its tokens are added to those before", () => {
    const before = run(call, report(1, 3, { kind: "usage", usage: usage(10) }, START + 200)).record;
    const { record } = run(
      before,
      ...lost,
      ...joins(LOST_AT + 500),
      report(50, 2, { kind: "usage", usage: usage(5) }, LOST_AT + 600),
      report(50, 3, { kind: "usage", usage: usage(7) }, LOST_AT + 700),
    );
    expect(record.life).toEqual({ state: "active" });
    expect(record.usage).toEqual(usage(17));
    expect(record.timeline.botJoined).toBe(100);
    expect(record.recoveries).toBe(1);
  });

  test("that does not come in time is replaced, after a pause", () => {
    const taken = run(recovering.record, {
      kind: "dispatched",
      attempt: 2,
      hostId: "b",
      at: LOST_AT + 100,
    }).record;
    const late = run(taken, { kind: "clock", at: LOST_AT + 15_100 });
    expect(late.record.life).toMatchObject({
      state: "recovering",
      since: LOST_AT,
      step: { kind: "pausing" },
    });
    expect(late.record.bot.attempt).toBe(3);
    expect(late.record.avoid).toEqual(["a", "b"]);
    const next = run(late.record, { kind: "clock", at: nextPause(late.record) });
    expect(effectsOf(next, "dispatch")).toMatchObject([{ bot: { attempt: 3 }, avoid: ["a", "b"] }]);
    // A yes that comes now is for a bot that nobody wants any more.
    const tooLate = run(next.record, { kind: "dispatched", attempt: 2, hostId: "c", at: LOST_AT + 16_000 });
    expect(tooLate.record.jobs).toContainEqual(
      expect.objectContaining({ kind: "stop-bot", hostId: "c", attempt: 2 }),
    );
    expect(tooLate.record.bot).toEqual(next.record.bot);
  });

  test("that stayed for a while starts the count anew; one that did not goes on with it", () => {
    const back = run(recovering.record, ...joins(LOST_AT + 500)).record;
    const gone = (at: number) => run(back, report(50, 9, { kind: "ended", reason: "bot_lost" }, at)).record;
    expect(gone(LOST_AT + 1_000)).toMatchObject({ recoveries: 2, avoid: ["a", "b"] });
    expect(gone(LOST_AT + 500 + STABLE_MS)).toMatchObject({ recoveries: 1, avoid: ["b"] });
  });
});

describe("with no host that takes it", () => {
  /** Lets every search come to nothing at once. */
  function tryAll(unsureHostId: string | undefined): {
    record: SessionRecord;
    searches: number;
    tookMs: number;
  } {
    let step = run(call, ...lost);
    let searches = 0;
    let at = LOST_AT;
    for (let rounds = 0; step.record.life.state === "recovering" && rounds < 100; rounds++) {
      for (const { bot } of effectsOf(step, "dispatch")) {
        searches++;
        step = run(step.record, { kind: "dispatch-failed", attempt: bot.attempt, unsureHostId, at });
      }
      if (step.record.life.state !== "recovering") break;
      at = nextPause(step.record);
      step = run(step.record, { kind: "clock", at });
    }
    return { record: step.record, searches, tookMs: at - LOST_AT };
  }

  test("the session ends as bot_lost after ten tries in less than 20 s, and leaves little to clear up", () => {
    const { record, searches, tookMs } = tryAll("a");
    expect(record.life).toMatchObject({ state: "failed", reason: "bot_lost" });
    expect(searches).toBe(MAX_RECOVERIES);
    expect(tookMs).toBeGreaterThan(15_000);
    expect(tookMs).toBeLessThan(20_000);
    expect(record.jobs.map(({ kind }) => kind).sort()).toEqual(["clear-room", "forget", "stop-bot"]);
    expect(record.jobs).toContainEqual(
      expect.objectContaining({ kind: "stop-bot", hostId: "a", attempt: 11 }),
    );
  });

  test("a caller who was not talking yet is told sooner", () => {
    let { record } = run({ ...call, client: undefined }, ...lost);
    let at = LOST_AT;
    for (let rounds = 0; record.life.state === "recovering" && rounds < 100; rounds++) {
      const { attempt } = record.bot;
      ({ record } = run(record, { kind: "dispatch-failed", attempt, unsureHostId: undefined, at }));
      if (record.life.state === "recovering") at = nextPause(record);
      ({ record } = run(record, { kind: "clock", at }));
    }
    expect(record.life).toMatchObject({ state: "failed", reason: "bot_lost" });
    expect(record.lastAttempt).toBe(1 + MAX_EARLY_RECOVERIES);
    expect(at - LOST_AT).toBeLessThan(8_000);
  });

  test("hosts that never answer are given up after a minute", () => {
    let { record } = run(call, ...lost);
    let at = LOST_AT;
    for (let rounds = 0; record.life.state === "recovering" && rounds < 100; rounds++) {
      at = nextPause(record);
      ({ record } = run(record, { kind: "clock", at }));
    }
    expect(record.life).toMatchObject({ state: "failed", reason: "bot_lost" });
    expect(at - LOST_AT).toBeLessThanOrEqual(RECOVERY_WITHIN_MS);
  });

  test("a stop ends it at once, and what is found late is stopped", () => {
    const stopped = run(call, ...lost, { kind: "stop-asked", at: LOST_AT + 50 });
    expect(stopped.record.life).toMatchObject({ state: "completed", reason: "stopped" });
    expect(ejections(stopped)).toEqual([]);
    const late = run(stopped.record, { kind: "dispatched", attempt: 2, hostId: "b", at: LOST_AT + 90 });
    expect(late.record.jobs).toContainEqual(
      expect.objectContaining({ kind: "stop-bot", hostId: "b", attempt: 2, dueAt: LOST_AT + 90 }),
    );
  });
});

function nextPause({ life }: SessionRecord): number {
  if (life.state !== "recovering") throw new Error(`it is ${life.state}`);
  return life.step.until;
}

function usage(tokens: number) {
  return { promptTokens: tokens, responseTokens: tokens, totalTokens: 2 * tokens };
}
