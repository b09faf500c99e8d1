import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { post, viewOf } from "../testing/edge-client.ts";
import { useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { PATIENCE } from "../testing/patience.ts";

/** What a caller waits for, by a clock that stands still unless the test moves it. */

const fakes = useFakeUpstreams();
useCapturedLogs();

type Upstream = "Daily" | "the host";

/** Who was asked and who answered, in this order. */
let happened: string[];

beforeEach(() => {
  happened = [];
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The next answer of each comes so many milliseconds after it was asked for. */
function answersAfter(delays: Record<Upstream, number>): void {
  const late = (who: Upstream, answer: () => Response) => {
    // Made here: workerd lets nobody but its maker resolve a promise, and it is the test that moves the clock.
    const { promise, resolve } = Promise.withResolvers<void>();
    return async () => {
      happened.push(`${who} is asked`);
      setTimeout(resolve, delays[who]);
      await promise;
      happened.push(`${who} answers`);
      return answer();
    };
  };
  fakes.dailyAnswers.push(late("Daily", () => Response.json({})));
  fakes.hostAnswers.push(late("the host", () => Response.json(acceptance(), { status: 202 })));
}

function acceptance() {
  const { sessionId, attempt } = theSignal();
  return { sessionId, attempt, active: 1, capacity: 8 };
}

function theSignal() {
  const [signal] = fakes.signals();
  if (!signal) throw new Error("the host was not signalled");
  return signal;
}

/** Real time: the faked clock is the test's own. For what is not to be waited for without end. */
const realTime = scheduler;
const LOOK_AGAIN_MS = 5;

/** Waits in real time. A condition that is never met is left to what the test expects of it. */
async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE.timeout;
  while (!(await met()) && performance.now() < deadline) await realTime.wait(LOOK_AGAIN_MS);
}

const calls = () => [...fakes.daily, ...fakes.host].map(({ method, path }) => `${method} ${path}`);

test.each(["/api/rtvi/start", "/start", "/connect"])(
  "POST %s asks Daily once and a bot host once",
  async (path) => {
    const response = await post(path);
    expect(response.status).toBe(201);
    expect(calls()).toEqual(["POST /v1/rooms", "POST /sessions"]);
    await response.body?.cancel();
  },
);

describe("room and bot are seen to at the same time", () => {
  test.each([
    { daily: 30, host: 30 },
    { daily: 30, host: 10 },
    { daily: 10, host: 30 },
  ])(
    "Daily takes $daily ms, the host $host ms, and the caller waits for the longer",
    async ({ daily, host }) => {
      answersAfter({ Daily: daily, "the host": host });
      const startedAt = Date.now();
      let repliedAfterMs: number | undefined;
      const reply = post("/api/rtvi/start").finally(() => {
        repliedAfterMs = Date.now() - startedAt;
      });
      await until(() => happened.length === 2);
      expect(happened.toSorted()).toEqual(["Daily is asked", "the host is asked"]);

      const [sooner, later] = [Math.min(daily, host), Math.max(daily, host)];
      vi.advanceTimersByTime(sooner);
      if (sooner < later) {
        const { sessionId } = theSignal();
        const mark = daily < host ? "room" : "dispatched";
        await until(async () => (await viewOf(sessionId)).timeline[mark] !== undefined);
        expect((await viewOf(sessionId)).timeline).toEqual({ [mark]: sooner });
        expect(repliedAfterMs).toBeUndefined();
        vi.advanceTimersByTime(later - sooner);
      }
      expect((await reply).status).toBe(201);
      expect(repliedAfterMs).toBe(later);
      expect((await viewOf(theSignal().sessionId)).timeline).toEqual({ room: daily, dispatched: host });
      expect(calls()).toEqual(["POST /v1/rooms", "POST /sessions"]);
    },
  );
});
