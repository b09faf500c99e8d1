import { afterEach, describe, expect, it, vi } from "vitest";
import type { StartSignal } from "../protocol/bot-host.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { ProblemError } from "../protocol/errors.ts";
import type { EndReason } from "../protocol/session.ts";
import type { Door } from "./admission/door.ts";
import { type RunningBot, Sessions } from "./sessions.ts";
import { startSignal } from "./testing/start-signal.ts";

/** Ends when the test says so; `stop` only asks for it. */
class FakeBot implements RunningBot {
  readonly signal: StartSignal;
  readonly stops: EndReason[] = [];
  readonly ended: Promise<EndReason>;
  readonly end: (reason: EndReason) => void;

  constructor(signal: StartSignal) {
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.signal = signal;
    this.ended = promise;
    this.end = resolve;
  }

  stop(reason: EndReason): void {
    this.stops.push(reason);
  }
}

/** One that can be relieved. */
class RelievableBot extends FakeBot {
  drains = 0;

  drain(): void {
    this.drains += 1;
  }
}

let door: Door["kind"] = "open";
afterEach(() => {
  door = "open";
  vi.useRealTimers();
});

function setUp(capacity = 2, Bot = FakeBot) {
  const bots: FakeBot[] = [];
  const sessions = new Sessions({
    capacity,
    door: () => door,
    createBot: (signal) => {
      const bot = new Bot(signal);
      bots.push(bot);
      return bot;
    },
  });
  const start = (sessionId: string, attempt = 1) => sessions.start(startSignal({ sessionId, attempt }));
  return { sessions, bots, start };
}

async function endOf(bot: FakeBot | undefined, reason: EndReason): Promise<void> {
  bot?.end(reason);
  await bot?.ended;
}

function refusedWith(act: () => unknown): ErrorCode {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof ProblemError) return thrown.code;
  }
  return expect.fail("It was not refused.");
}

describe("Sessions", () => {
  it("takes calls up to its capacity, and again when one has ended", async () => {
    const { sessions, bots, start } = setUp();
    expect(start("a")).toEqual({ sessionId: "a", attempt: 1, active: 1, capacity: 2 });
    start("b");
    expect(refusedWith(() => start("c"))).toBe("no_capacity");
    await endOf(bots[0], "idle");
    expect(start("c")).toMatchObject({ active: 2 });
    expect(sessions.load).toEqual({ active: 2, capacity: 2 });
  });

  it("accepts the same signal again without a second bot", () => {
    const { bots, start } = setUp();
    start("a");
    expect(start("a")).toEqual({ sessionId: "a", attempt: 1, active: 1, capacity: 2 });
    expect(bots).toHaveLength(1);
  });

  it("replaces a bot by that of a newer attempt, also when it is full", async () => {
    const { sessions, bots, start } = setUp(1);
    start("a", 1);
    start("a", 2);
    expect(bots[0]?.stops).toEqual(["stopped"]);
    expect(refusedWith(() => start("a", 1))).toBe("attempt_outdated");
    await endOf(bots[0], "stopped");
    // The end of the replaced bot does not end the session.
    expect(sessions.stop("a")).toEqual({ stopped: true, active: 1, capacity: 1 });
    expect(bots[1]?.stops).toEqual(["stopped"]);
  });

  it("counts a replaced bot until nothing of it is left", () => {
    const { sessions, start } = setUp(2);
    start("a", 1);
    start("a", 2);
    expect(sessions.load.active).toBe(2);
    expect(refusedWith(() => start("b"))).toBe("no_capacity");
  });

  it("does not bring an ended session back by a delayed signal", async () => {
    const { bots, start } = setUp();
    start("a", 2);
    await endOf(bots[0], "stopped");
    expect(refusedWith(() => start("a", 1))).toBe("attempt_outdated");
    expect(refusedWith(() => start("a", 2))).toBe("attempt_outdated");
    expect(start("a", 3)).toMatchObject({ attempt: 3 });
  });

  it("stops bots up to the given attempt and knows what it does not have", () => {
    const { sessions, bots, start } = setUp();
    start("a", 2);
    expect(sessions.stop("a", 1)).toMatchObject({ stopped: false });
    expect(sessions.stop("x")).toMatchObject({ stopped: false });
    expect(bots[0]?.stops).toEqual([]);
    expect(sessions.stop("a", 2)).toMatchObject({ stopped: true });
    expect(sessions.stop("a", 2)).toMatchObject({ stopped: true });
    expect(bots[0]?.stops).toEqual(["stopped", "stopped"]);
  });

  it("closes by ending all calls, and takes no new ones meanwhile", async () => {
    const { sessions, bots, start } = setUp();
    start("a");
    start("b");
    let closed = false;
    const closing = sessions.close().then(() => {
      closed = true;
    });
    expect(refusedWith(() => start("c"))).toBe("draining");
    expect(start("a")).toMatchObject({ sessionId: "a" });
    expect(bots.map(({ stops }) => stops)).toEqual([["bot_lost"], ["bot_lost"]]);
    await endOf(bots[0], "bot_lost");
    expect(closed).toBe(false);
    await endOf(bots[1], "bot_lost");
    await closing;
    expect(sessions.load.active).toBe(0);
  });

  it("takes no new call behind a shut door, says when to come again, and still replaces a bot", () => {
    const { sessions, bots, start } = setUp(3);
    start("a", 1);
    door = "shut";
    let thrown: unknown;
    try {
      start("b");
    } catch (refusal) {
      thrown = refusal;
    }
    expect(thrown).toBeInstanceOf(ProblemError);
    if (!(thrown instanceof ProblemError)) return;
    expect(thrown.code).toBe("no_capacity");
    expect(thrown.toHeaders()["retry-after"]).toBe("10");
    expect(sessions.counts.refusedStrained).toBe(1);
    start("a", 2);
    expect(bots).toHaveLength(2);
    door = "open";
    start("b");
  });

  it("takes one call at a time while it is wary: until the last one's cost can be seen, or it has ended", async () => {
    vi.useFakeTimers();
    const { bots, start } = setUp(4);
    start("a");
    vi.advanceTimersByTime(4_999);
    door = "wary";
    expect(refusedWith(() => start("b"))).toBe("no_capacity");
    vi.advanceTimersByTime(1);
    start("b");
    expect(refusedWith(() => start("c"))).toBe("no_capacity");
    await endOf(bots[1], "stopped");
    start("c");
    expect(bots).toHaveLength(3);
  });

  it("has its calls relieved, ends those that cannot be, and is told when all are over", async () => {
    const { sessions, bots, start } = setUp(2, RelievableBot);
    start("a");
    start("b");
    sessions.relieve();
    expect(refusedWith(() => start("c"))).toBe("draining");
    expect(bots.map((bot) => (bot as RelievableBot).drains)).toEqual([1, 1]);
    expect(bots.map(({ stops }) => stops)).toEqual([[], []]);
    let over = false;
    const waiting = sessions.allEnded().then(() => {
      over = true;
    });
    await endOf(bots[0], "stopped");
    expect(over).toBe(false);
    await endOf(bots[1], "stopped");
    await waiting;

    const rigid = setUp();
    rigid.start("a");
    rigid.sessions.relieve();
    expect(rigid.bots[0]?.stops).toEqual(["bot_lost"]);
  });

  it("counts starts, and ends by reason", async () => {
    const { sessions, bots, start } = setUp();
    start("a");
    start("b");
    await endOf(bots[0], "idle");
    await endOf(bots[1], "idle");
    start("c");
    expect(sessions.counts.started).toBe(3);
    expect([...sessions.counts.endedByReason]).toEqual([["idle", 2]]);
  });
});
