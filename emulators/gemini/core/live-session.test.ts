import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HELLO, MODEL, runs, startSession, summarise, TONE } from "../test-support/session.ts";
import { sequence, speechLike } from "../test-support/signals.ts";
import { Closes } from "./closes.ts";
import { HandleStore } from "./handles.ts";

/** From the end of the user's turn to the first sound, as a rule. */
const THINKING_MS = 200;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("setup", () => {
  test("is answered by setupComplete, once", () => {
    const { setUp, said } = startSession();
    setUp();
    vi.runAllTimers();
    expect(said.map(({ message }) => message)).toEqual([{ setupComplete: {} }]);
  });

  test("has to be the first message", () => {
    const { tell, closes } = startSession();
    tell(HELLO);
    expect(closes).toEqual([{ code: 1007, reason: expect.stringMatching(/^Request contains an invalid/) }]);
  });

  test("can come only once", () => {
    const { setUp, closes } = startSession();
    setUp();
    setUp();
    expect(closes).toEqual([{ code: 1007, reason: expect.stringMatching(/^Request contains an invalid/) }]);
  });

  test.each(["gemini-3.8-live", "models/gemini-2.0-flash-live-001", "models/"])("refuses %s", (model) => {
    const { tell, closes } = startSession();
    tell({ setup: { model } });
    expect(closes[0]?.code).toBe(1008);
    expect(closes[0]?.reason).toContain(`${model} is not found for API version v1beta`);
    expect(closes[0]?.reason.length).toBeLessThanOrEqual(123);
  });

  test("may be slow, and what came meanwhile is not lost", () => {
    const { tell, said, summary } = startSession({
      setupPlan: { kind: "complete", afterMs: 5_000 },
      answer: TONE,
    });
    tell({ setup: { model: MODEL } });
    tell(HELLO);
    vi.advanceTimersByTime(4_999);
    expect(said).toEqual([]);
    vi.runAllTimers();
    expect(runs(summary())).toEqual(["setupComplete", "sound", "generationComplete", "turnComplete"]);
  });

  test("that is slow does not take in messages without end", () => {
    const { tell, closes } = startSession({ setupPlan: { kind: "complete", afterMs: 5_000 } });
    tell({ setup: { model: MODEL } });
    for (let i = 0; i <= 3_000; i++) tell(HELLO);
    expect(closes).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("closes once, and then neither hears nor says anything", () => {
    const { setUp, tell, said, closes } = startSession();
    setUp();
    tell({ setup: { model: MODEL } });
    tell(HELLO);
    vi.runAllTimers();
    expect(closes).toHaveLength(1);
    expect(said).toHaveLength(1);
  });
});

describe("resumption", () => {
  const updates = ({ said }: ReturnType<typeof startSession>) =>
    said.flatMap(({ message }) =>
      "sessionResumptionUpdate" in message ? message.sessionResumptionUpdate : [],
    );

  test("is offered where asked for: after the setup and after each answer, not during one", () => {
    const run = startSession({ answer: TONE });
    run.setUp({ sessionResumption: {} });
    run.tell(HELLO);
    vi.runAllTimers();
    expect(updates(run).map(({ resumable }) => resumable)).toEqual([true, false, true]);
    const [first, during, last] = updates(run);
    expect(during?.newHandle).toBe("");
    expect(last?.newHandle).not.toBe(first?.newHandle);
  });

  test("is not offered where not asked for", () => {
    const run = startSession({ answer: TONE });
    run.setUp();
    run.tell(HELLO);
    vi.runAllTimers();
    expect(updates(run)).toEqual([]);
  });

  test("carries the context over", () => {
    const handles = new HandleStore();
    const first = startSession({ handles, answer: TONE });
    first.setUp({ sessionResumption: {} });
    first.tell(HELLO);
    vi.runAllTimers();
    const handle = updates(first).at(-1)?.newHandle;
    first.session.gone();
    const second = startSession({ handles, answer: TONE });
    second.setUp({ sessionResumption: { handle } });
    expect(second.session.view().resumedFrom).toBe("live-1");
    second.tell(HELLO);
    vi.runAllTimers();
    // "Hello" twice, 1.25 tokens each, and the tone that was heard before
    const done = second.said.find(({ message }) => summarise(message).includes("turnComplete"));
    expect(done?.message).toMatchObject({ usageMetadata: { promptTokenCount: 3 + 50 } });
  });

  test("with a handle that nobody gave is refused", () => {
    const { setUp, closes } = startSession();
    setUp({ sessionResumption: { handle: "bogus" } });
    expect(closes).toEqual([{ code: 1008, reason: "BidiGenerateContent session not found" }]);
  });
});

describe("the end", () => {
  test("is announced by goAway, and comes", () => {
    const { setUp, session, said, closes } = startSession();
    setUp();
    session.goAway({ timeLeftMs: 50_000, close: Closes.deadline, thenSilent: false });
    expect(said.at(-1)?.message).toEqual({ goAway: { timeLeft: "50s" } });
    vi.advanceTimersByTime(49_999);
    expect(closes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(closes).toEqual([{ code: 1011, reason: "Deadline expired before operation could complete." }]);
  });

  test.each([
    ["before the setup", () => {}],
    ["during the setup", (run: ReturnType<typeof startSession>) => run.tell({ setup: { model: MODEL } })],
    [
      "while thinking",
      (run: ReturnType<typeof startSession>) => {
        run.setUp();
        run.tell(HELLO);
      },
    ],
    [
      "during an answer",
      (run: ReturnType<typeof startSession>) => {
        run.setUp();
        run.tell(HELLO);
        vi.advanceTimersByTime(THINKING_MS + 100);
      },
    ],
    [
      "while the user speaks, after a goAway",
      (run: ReturnType<typeof startSession>) => {
        run.setUp();
        run.speak(sequence(200, speechLike({ ms: 400 })));
        run.session.goAway({ timeLeftMs: 50_000, close: Closes.deadline, thenSilent: false });
      },
    ],
  ])("leaves no timer when the client goes %s", (_, reach) => {
    const run = startSession();
    reach(run);
    const before = run.said.length;
    run.session.gone();
    run.session.gone();
    expect(vi.getTimerCount()).toBe(0);
    vi.runAllTimers();
    expect(run.said).toHaveLength(before);
    expect(run.closes).toEqual([]);
    expect(run.session.view().open).toBe(false);
  });
});
