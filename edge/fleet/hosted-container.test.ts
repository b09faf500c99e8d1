import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { FakeContainers, type FakeObject } from "../testing/fake-containers.ts";
import { startSignal } from "../testing/start-signal.ts";
import type { HostStart, Wake } from "./bot-host.ts";
import { ContainerBotHost } from "./container-bot-host.ts";
import { IDLE_MS, ILL_MS, LOOK_MS } from "./container-care.ts";
import { WAKE_HEADER } from "./wake.ts";

const logs = useCapturedLogs();

let containers: FakeContainers;
let host: ContainerBotHost;
let object: FakeObject;

beforeEach(() => {
  // Not what the signatures are made with.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  containers = new FakeContainers({ capacity: 4 });
  host = new ContainerBotHost({ region: "weur", k: 1 }, containers.fleet, DEV_SIGNING_KEY);
  object = containers.prepare("bot-weur-1", "weur");
});
afterEach(() => {
  vi.useRealTimers();
});

const WAIT: Wake = { kind: "wait", ms: 6_000 };

/** Time passes until it has answered. */
async function during<Value>(work: Promise<Value>): Promise<Value> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  work.then(done, done);
  for (let i = 0; i < 2_000 && !settled; i++) await vi.advanceTimersByTimeAsync(50);
  return work;
}

function start(sessionId: string, wake: Wake = WAIT): Promise<HostStart> {
  return during(host.start(startSignal({ sessionId }), { timeoutMs: 8_000, wake }));
}

/** Lets the object look after its container for so long. */
async function lookFor(ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (object.alarmAt !== undefined && object.alarmAt <= until) {
    vi.setSystemTime(object.alarmAt);
    await during(object.ring());
  }
  vi.setSystemTime(until);
}

const accepted = (active: number): HostStart => ({ kind: "accepted", load: { active, capacity: 4 } });

describe("a container that is asleep", () => {
  test("is not woken by questions, nor by a stop, nor by a start that may not", async () => {
    expect(await during(host.health(1_000))).toEqual({
      kind: "answered",
      health: { status: "ok", active: 0, capacity: 4, draining: false },
    });
    expect(await during(host.stop({ sessionId: "s", attempt: 1 }, 1_000))).toEqual({ kind: "stopped" });
    expect(await start("s", { kind: "never" })).toEqual({ kind: "asleep" });
    expect(object.engine.starts).toEqual([]);
    expect(object.alarmAt).toBeUndefined();
  });

  test("is woken by a start, with the settings of its bot runtime and the way out", async () => {
    object.engine.bootMs = 2_000;
    expect(await start("s", { kind: "begin" })).toEqual({ kind: "waking" });
    expect(object.engine.starts).toEqual([{ enableInternet: true, env: containers.fleet.environment }]);
    expect(await start("s")).toEqual(accepted(1));
    expect(object.engine.starts).toHaveLength(1);
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "container.awake", hostId: "bot-weur-1" }),
    );
  });

  test("takes what many ask for at once in one boot, each signed request used once", async () => {
    object.engine.bootMs = 1_000;
    const starts = ["a", "b", "c"].map((sessionId) =>
      host.start(startSignal({ sessionId }), { timeoutMs: 8_000, wake: WAIT }),
    );
    const outcomes = await during(Promise.all(starts));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
    expect(object.engine.starts).toHaveLength(1);
  });

  test("that boots too slowly runs no bot for the one who waited, and takes the next", async () => {
    object.engine.bootMs = 10_000;
    expect(await start("s")).toEqual({ kind: "waking" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect([...(object.engine.runtime?.calls.keys() ?? [])]).toEqual([]);
    expect(await start("t")).toEqual(accepted(1));
  });

  test("that cannot start says so to nobody but the log, and the next start tries anew", async () => {
    object.engine.failure = new Error("Maximum number of running container instances exceeded");
    object.engine.bootMs = 500;
    expect(await start("s")).toEqual({ kind: "waking" });
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "container.ended", error: expect.stringContaining("Maximum number") }),
    );
    object.engine.failure = undefined;
    expect(await start("s")).toEqual(accepted(1));
  });

  test("has a runtime without a browser wait until it has one", async () => {
    object.engine.bornDown = true;
    const starting = host.start(startSignal(), { timeoutMs: 8_000, wake: WAIT });
    const runtime = await vi.waitUntil(() => object.engine.runtime);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runtime.calls.size).toBe(0);
    runtime.status = "ok";
    expect(await during(starting)).toEqual(accepted(1));
  });

  test("is in its own region, and hears nothing of ours but what it is signed for", async () => {
    await start("s");
    expect(object.locationHint).toBe("weur");
    expect(object.asked.at(-1)?.has(WAKE_HEADER)).toBe(true);
    expect(object.engine.runtime?.seen.some(({ headers }) => headers.has(WAKE_HEADER))).toBe(false);
  });
});

describe("a container that runs", () => {
  test("refuses for itself, and is told to stop calls", async () => {
    for (const sessionId of ["a", "b", "c", "d"]) await start(sessionId);
    expect(await start("e")).toEqual({ kind: "full" });
    expect(await during(host.stop({ sessionId: "a", attempt: 1 }, 1_000))).toEqual({ kind: "stopped" });
    expect(await start("e")).toEqual(accepted(4));
  });

  test("is kept awake by its object for as long as it holds a call", async () => {
    await start("s");
    await lookFor(2 * 3_600_000);
    expect(object.engine.running).toBe(true);
    expect([...(object.engine.runtime?.calls.keys() ?? [])]).toEqual(["s"]);
  });

  test("that nobody looks after is ended by the platform, some time after its last request", async () => {
    await start("s");
    vi.setSystemTime(Date.now() + 2 * IDLE_MS - LOOK_MS);
    expect(object.engine.running).toBe(true);
    vi.setSystemTime(Date.now() + 2 * LOOK_MS);
    expect(object.engine.running).toBe(false);
  });

  test("ends some time after its last call, and nothing of it is left", async () => {
    await start("s");
    await during(host.stop({ sessionId: "s", attempt: 1 }, 1_000));
    await lookFor(IDLE_MS);
    expect(object.engine.running).toBe(true);
    await lookFor(2 * LOOK_MS);
    expect(object.engine.running).toBe(false);
    await lookFor(IDLE_MS);
    expect([object.alarmAt, object.kept()]).toEqual([undefined, []]);
    expect(await start("t")).toEqual(accepted(1));
  });

  test("takes no call any more once it was told to end, and is destroyed if it does not", async () => {
    await start("s");
    await during(host.stop({ sessionId: "s", attempt: 1 }, 1_000));
    object.engine.obeys = false;
    await lookFor(IDLE_MS + LOOK_MS);
    expect(await start("t")).toEqual({ kind: "draining" });
    await lookFor(LOOK_MS);
    expect(object.engine.running).toBe(false);
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "container.told_to_end", how: "destroy" }),
    );
  });

  test("is not told to end by a look that a call came into", async () => {
    await start("s");
    await during(host.stop({ sessionId: "s", attempt: 1 }, 1_000));
    await lookFor(IDLE_MS);
    const { runtime } = object.engine;
    if (!runtime) throw new Error("it does not run");
    // The look has seen no call, and is held up; meanwhile one begins.
    const answer = runtime.answer.bind(runtime);
    const { promise, resolve } = Promise.withResolvers<void>();
    vi.spyOn(runtime, "answer").mockImplementationOnce(async (request) => {
      const seen = await answer(request);
      await promise;
      return seen;
    });
    vi.setSystemTime(Date.now() + LOOK_MS);
    const ringing = object.ring();
    expect(await start("t")).toEqual(accepted(1));
    resolve();
    await during(ringing);
    await lookFor(2 * IDLE_MS);
    expect(object.engine.running).toBe(true);
  });

  test("that hangs is destroyed, and the next call has a new one", async () => {
    await start("s");
    object.engine.deaf = true;
    await lookFor(ILL_MS + 2 * LOOK_MS);
    expect(object.engine.running).toBe(false);
    object.engine.deaf = false;
    expect(await start("t")).toEqual(accepted(1));
    expect(object.engine.starts).toHaveLength(2);
  });

  test("that is stuck is destroyed although a start hangs in it", async () => {
    await start("s");
    object.engine.stuck = true;
    expect(await start("t")).toEqual({ kind: "unsure", why: "timeout" });
    await lookFor(ILL_MS + 2 * LOOK_MS);
    expect(object.engine.running).toBe(false);
  });

  test("that does not answer is not said to be well", async () => {
    await start("s");
    object.engine.deaf = true;
    expect(await during(host.health(3_000))).toEqual({ kind: "failed", why: "unreachable" });
    await lookFor(LOOK_MS);
    expect(await during(host.health(3_000))).toMatchObject({ health: { status: "down", capacity: 0 } });
  });

  test("that is stuck holds no request for ever", async () => {
    await start("s");
    object.engine.stuck = true;
    const headers = { authorization: "none" };
    const asking = object.fetch("http://bot-weur-1/sessions", { method: "POST", body: "{}", headers });
    await expect(during(asking)).rejects.toThrow("took too long");
  });

  test("that does not answer is destroyed although callers keep asking, and its alarm comes late", async () => {
    await start("s");
    object.engine.deaf = true;
    const until = Date.now() + ILL_MS + 4 * LOOK_MS;
    while (Date.now() < until && object.engine.starts.length === 1 && object.engine.running) {
      await start("t", { kind: "begin" });
      await vi.advanceTimersByTimeAsync(500);
      if (object.alarmAt !== undefined && object.alarmAt + 2_000 <= Date.now()) await during(object.ring());
    }
    expect(object.engine.running).toBe(false);
  });

  test("whose idle time cannot be set is looked after all the same", async () => {
    vi.spyOn(object.engine, "setInactivityTimeout").mockRejectedValueOnce(new Error("the engine is away"));
    expect(await start("s", { kind: "begin" })).toEqual({ kind: "waking" });
    await vi.advanceTimersByTimeAsync(100);
    expect(object.engine.running).toBe(true);
    expect(object.alarmAt).toBeDefined();
  });

  test("that crashed leaves the caller unsure once; asked again it boots, and runs no bot yet", async () => {
    await start("s");
    object.engine.deaf = true;
    expect(await start("t")).toEqual({ kind: "unsure", why: "unreachable" });
    object.engine.deaf = false;
    object.engine.crash();
    object.engine.bootMs = 1_000;
    expect(await start("t", { kind: "begin" })).toEqual({ kind: "waking" });
    expect(await start("t")).toEqual(accepted(1));
  });

  test("outlives its object: the next one finds its calls", async () => {
    await start("s");
    object.renew();
    expect(await during(host.stop({ sessionId: "s", attempt: 1 }, 2_000))).toEqual({ kind: "stopped" });
    expect(object.engine.runtime?.calls.size).toBe(0);
    expect(await start("t", { kind: "never" })).toEqual(accepted(1));
    expect(object.engine.starts).toHaveLength(1);
  });

  test("that does not answer a new object is not taken for one without calls", async () => {
    await start("s");
    object.renew();
    object.engine.deaf = true;
    expect(await during(host.stop({ sessionId: "s", attempt: 1 }, 3_000))).toEqual({
      kind: "failed",
      why: "status 503",
    });
    object.engine.deaf = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await during(host.stop({ sessionId: "s", attempt: 1 }, 3_000))).toEqual({ kind: "stopped" });
    expect(object.engine.runtime?.calls.size).toBe(0);
  });
});

describe("a look that fails", () => {
  test("is logged, and another follows", async () => {
    await start("s");
    vi.spyOn(object.engine, "setInactivityTimeout").mockRejectedValueOnce(new Error("the engine is away"));
    await lookFor(LOOK_MS);
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "container.look_failed", error: "Error: the engine is away" }),
    );
    await lookFor(3_600_000);
    expect(object.engine.running).toBe(true);
  });
});

describe("containers of a region", () => {
  const second = () => containers.running().includes("bot-weur-2");

  test("the next one wakes when the one before it is nearly full, before anybody waits for it", async () => {
    await start("a");
    await start("b");
    expect(second()).toBe(false);
    await start("c");
    await during(vi.waitFor(() => expect(second()).toBe(true)));
  });

  test("there is none after the last", async () => {
    host = new ContainerBotHost({ region: "weur", k: 2 }, containers.fleet, DEV_SIGNING_KEY);
    for (const sessionId of ["a", "b", "c", "d"]) await start(sessionId);
    expect(containers.running()).toEqual(["bot-weur-2"]);
  });
});
