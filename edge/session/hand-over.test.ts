import { describe, expect, test } from "vitest";
import type { BotReport } from "../../protocol/link.ts";
import { callRecord, effectsOf, run, START } from "../testing/session-record.ts";
import { LEAVE_WITHIN_MS } from "./hand-over.ts";
import { nextDeadline } from "./next-deadline.ts";
import { type SessionRecord, successorOf } from "./record.ts";
import { DISPATCH_WITHIN_MS, MAX_RECOVERIES } from "./recovery.ts";
import type { SessionEvent } from "./step.ts";

const AT = START + 10_000;
const OLD = 1;
const NEW = 50;

function says(linkId: number, seq: number, report: BotReport, at = AT): SessionEvent {
  return { kind: "reported", linkId, seq, report, at };
}

const said = (text: string): BotReport => ({
  kind: "transcript",
  entry: { role: "user", text, at: "2026-01-01T00:00:00Z" },
});

const talked = run(callRecord(), says(OLD, 3, said("one"), START + 200)).record;
const draining = says(OLD, 4, { kind: "draining" });
const taken: SessionEvent = { kind: "dispatched", attempt: 2, hostId: "b", at: AT };
const linked: SessionEvent = { kind: "link-opened", attempt: 2, linkId: NEW, at: AT };
const prepared = says(NEW, 1, { kind: "prepared" });
const handedOver = says(OLD, 9, { kind: "handed-over" }, AT + 2_000);

const asked = run(talked, draining);
const ready = run(asked.record, taken, linked, prepared);

describe("a bot whose host goes", () => {
  test("is relieved by another, on another host, and goes on meanwhile", () => {
    expect(asked.record.life).toEqual({ state: "active" });
    expect(asked.record.bot.attempt).toBe(1);
    expect(effectsOf(asked, "dispatch")).toEqual([
      { kind: "dispatch", bot: successorOf(asked.record), avoid: [], except: "a" },
    ]);
    expect(successorOf(asked.record)).toMatchObject({ attempt: 2, how: "hand-over", told: 1 });
    expect(asked.record.relief?.step).toMatchObject({ kind: "dispatching", until: AT + DISPATCH_WITHIN_MS });
    // Said again: it is under way.
    expect(run(asked.record, says(OLD, 5, { kind: "draining" })).effects).toHaveLength(1);
  });

  test("is asked to leave when the other is prepared, who is not let in before", () => {
    expect(run(asked.record, taken, linked).effects).toEqual([]);
    expect(ready.effects).toEqual([
      { kind: "send", linkId: NEW, command: { type: "ack", seq: 1 } },
      { kind: "send", linkId: OLD, command: { type: "hand-over" } },
    ]);
    const back = run(ready.record, { kind: "link-opened", attempt: 1, linkId: 60, at: AT + 1 });
    expect(back.effects).toContainEqual({ kind: "send", linkId: 60, command: { type: "hand-over" } });
  });

  test("hands over: what it says before counts, and the other is let in with it at once", () => {
    const left = run(ready.record, says(OLD, 8, said("two")), handedOver);
    expect(left.effects).toEqual([
      { kind: "send", linkId: OLD, command: { type: "ack", seq: 9 } },
      { kind: "close-link", linkId: OLD, code: "outdated" },
      { kind: "let-in", linkId: NEW, from: 1 },
    ]);
    expect(left.record.bot).toMatchObject({ attempt: 2, hostId: "b", link: { kind: "open", id: NEW } });
    expect(left.record.relief).toBeUndefined();
    expect(left.record.transcript.entries).toBe(2);
    // In case that it does not leave by itself.
    expect(left.record.jobs).toMatchObject([
      { kind: "stop-bot", hostId: "a", attempt: 1, dueAt: AT + 5_000 },
      { kind: "eject", upTo: 1, awaited: false, dueAt: AT + 5_000 },
    ]);
    const joined = run(
      left.record,
      says(NEW, 2, { kind: "mark", mark: "botJoined", at: AT + 2_500 }, AT + 2_500),
    );
    expect(joined.record.life).toEqual({ state: "active" });
    expect(joined.record.recoveries).toBe(0);
  });

  test("that hands over though nobody waits is lost", () => {
    const alone = run(talked, says(OLD, 4, { kind: "handed-over" }));
    expect(alone.record.life.state).toBe("recovering");
    expect(effectsOf(alone, "dispatch")).toMatchObject([{ bot: { attempt: 2, how: "recovery" } }]);
  });

  test.each([
    [
      "its link",
      [
        { kind: "link-closed", linkId: OLD, at: AT },
        { kind: "clock", at: AT + 3_000 },
      ],
    ],
    ["itself", [says(OLD, 5, { kind: "ended", reason: "bot_lost" }, AT + 3_000)]],
    ["its tongue: it does not leave when asked", [{ kind: "clock", at: AT + LEAVE_WITHIN_MS }]],
  ] as const)("that loses %s is replaced by the one that is prepared, once it is put out", (_, events) => {
    const step = run(ready.record, ...events);
    expect(effectsOf(step, "dispatch")).toEqual([]);
    expect(step.record.bot.attempt).toBe(2);
    expect(step.record.life).toMatchObject({ state: "recovering", step: { kind: "joining" } });
    expect(effectsOf(step, "let-in")).toEqual([]);
    const [ejection] = effectsOf(step, "do").filter(({ job }) => job.kind === "eject");
    const out = run(step.record, { kind: "job-done", jobId: ejection?.job.id ?? -1, at: AT + 20_000 });
    expect(out.effects).toEqual([{ kind: "let-in", linkId: NEW, from: 1 }]);
  });
});

describe("a successor", () => {
  test("is nobody yet: of what it says only that it is prepared, or gone, counts", () => {
    const { record } = run(asked.record, taken, linked);
    const spoken = run(
      record,
      says(NEW, 1, { kind: "mark", mark: "clientReady", at: AT }),
      says(NEW, 2, said("not in the room")),
      says(NEW, 3, { kind: "handle", handle: "its own" }),
      says(NEW, 4, { kind: "usage", usage: { promptTokens: 1, responseTokens: 1, totalTokens: 2 } }),
      says(NEW, 5, { kind: "handed-over" }),
    ).record;
    expect({ ...spoken, relief: undefined }).toEqual({ ...record, relief: undefined });
    expect(successorOf(spoken)?.appliedSeq).toBe(5);
  });

  test.each([
    [
      "whose link is lost",
      [
        { kind: "link-closed", linkId: NEW, at: AT },
        { kind: "clock", at: AT + 3_000 },
      ],
    ],
    ["that ends", [says(NEW, 1, { kind: "ended", reason: "gemini_failed" }, AT + 3_000)]],
    ["that is never prepared", [{ kind: "clock", at: AT + 15_000 }]],
  ] as const)("%s is stopped, and another is tried after a pause; the call goes on", (_, events) => {
    const { record } = run(asked.record, taken, linked, ...events);
    expect(record.life).toEqual({ state: "active" });
    expect(record.bot).toEqual(asked.record.bot);
    expect(record.relief?.step.kind).toBe("pausing");
    expect(record.jobs).toMatchObject([{ kind: "stop-bot", hostId: "b", attempt: 2 }]);
    const again = run(record, { kind: "clock", at: pauseOf(record) });
    expect(effectsOf(again, "dispatch")).toMatchObject([{ bot: { attempt: 3, how: "hand-over" } }]);
  });

  test("that no host takes is tried ten times, and then the bot is left to its host", () => {
    let { record } = asked;
    for (let tries = 1; tries <= MAX_RECOVERIES; tries++) {
      const attempt = successorOf(record)?.attempt ?? -1;
      ({ record } = run(record, { kind: "dispatch-failed", attempt, unsureHostId: undefined, at: AT }));
      if (record.relief) ({ record } = run(record, { kind: "clock", at: pauseOf(record) }));
    }
    expect(record.relief).toBeUndefined();
    expect(record.life).toEqual({ state: "active" });
    expect(record.lastAttempt).toBe(1 + MAX_RECOVERIES);
    // It may ask again.
    expect(effectsOf(run(record, says(OLD, 5, { kind: "draining" })), "dispatch")).toHaveLength(1);
  });

  test("waits with a bot that is not in the room yet", () => {
    const starting: SessionRecord = { ...talked, life: { state: "starting" } };
    const early = run(starting, draining);
    expect(effectsOf(early, "dispatch")).toEqual([]);
    const joined = run(early.record, says(OLD, 5, { kind: "mark", mark: "botJoined", at: AT }));
    expect(nextDeadline(joined.record)).toBe(AT);
    expect(effectsOf(run(joined.record, { kind: "clock", at: AT }), "dispatch")).toHaveLength(1);
  });

  test("hears of the end as the bot does, and is stopped", () => {
    const ended = run(ready.record, { kind: "stop-asked", at: AT + 10 });
    const stop = { type: "stop", reason: "stopped" } as const;
    expect(ended.effects).toEqual([
      { kind: "send", linkId: OLD, command: stop },
      { kind: "send", linkId: NEW, command: stop },
      { kind: "close-link", linkId: NEW, code: "ended" },
    ]);
    expect(ended.record.relief).toBeUndefined();
    const stops = ended.record.jobs.flatMap((job) =>
      job.kind === "stop-bot" ? [[job.hostId, job.attempt]] : [],
    );
    expect(stops).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });
});

function pauseOf({ relief }: SessionRecord): number {
  if (relief?.step.kind !== "pausing") throw new Error("there is no pause");
  return relief.step.until;
}
