import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { clientOf, newUser, started } from "../testing/callers.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { problemOf } from "../testing/edge-client.ts";
import { held, refuse, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";
import { openLink } from "../testing/test-link.ts";
import { Claims } from "./claims.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const passTime = usePassingTime();

/** Below the time of a test, and far above what a busy machine needs; vitest alone waits a second. */
const PATIENTLY = { timeout: 4_000 };

/** Of one user, by default. */
const LIMIT = 3;

const open = clientOf({});
const inRoom = (name: string) => ({
  body: { createDailyRoom: false, roomUrl: `http://daily.test/${name}`, user: { id: "ada" } },
});

/** What the object of a claim keeps. */
function kept(name: string): Promise<{ entries: unknown[]; alarm: number | null }> {
  return runInDurableObject(env.CLAIMS.getByName(name), async (_, { storage }) => ({
    entries: [...storage.kv.list()],
    alarm: await storage.getAlarm(),
  }));
}

const ejections = () => fakes.daily.filter(({ path }) => path.endsWith("/eject"));

describe("live sessions of one user", () => {
  test("are limited, and the one too many costs neither a room nor a bot", async () => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    for (let i = 0; i < LIMIT; i++) await started(service.start({ token }));
    const response = await service.start({ token });
    expect(response.status).toBe(429);
    const retryAfterS = Number(response.headers.get("retry-after"));
    expect(retryAfterS).toBeGreaterThan(3_590);
    expect(retryAfterS).toBeLessThanOrEqual(3_600);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "too_many_sessions", retryable: false });
    expect(problem.detail).toContain("3 sessions");
    expect([fakes.daily.length, fakes.host.length]).toEqual([LIMIT, LIMIT]);
  });

  test("are counted exactly, also when they are started at the same time", async () => {
    const { settings, token } = newUser();
    const starts = Array.from({ length: LIMIT + 3 }, () => clientOf(settings).start({ token }));
    const statuses = (await Promise.all(starts)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, 201, 201, 429, 429, 429]);
  });

  test("count no longer once they are stopped: the next start may follow at once", async () => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    for (let i = 0; i < LIMIT + 2; i++) {
      const { sessionId } = await started(service.start({ token }));
      expect((await service.stop(sessionId, { token })).status).toBe(200);
    }
  });

  test.each([
    [
      "failed to start",
      async (service: ReturnType<typeof clientOf>, token: string) => {
        fakes.hostAnswers.push(refuse(503));
        expect((await service.start({ token })).status).toBe(503);
      },
    ],
    [
      "ended by their bot",
      async (service: ReturnType<typeof clientOf>, token: string) => {
        const { sessionId } = await started(service.start({ token }));
        const signal = fakes.signals().find((sent) => sent.sessionId === sessionId);
        if (!signal) throw new Error("no signal");
        const link = await openLink(signal);
        await link.reported(1, { kind: "ended", reason: "client_left" });
      },
    ],
    [
      "ended by time",
      async (service: ReturnType<typeof clientOf>, token: string) => {
        const { sessionId } = await started(service.start({ token }));
        await passTime(sessionId, 90_000);
        vi.useRealTimers();
      },
    ],
  ])("count no longer once they have %s", async (_, endOne) => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    for (let i = 0; i < LIMIT - 1; i++) await started(service.start({ token }));
    await endOne(service, token);
    await vi.waitFor(async () => expect((await kept(userClaim(token))).entries).toHaveLength(1), PATIENTLY);
    await started(service.start({ token }));
    expect((await service.start({ token })).status).toBe(429);
  });

  test("that never let go are forgotten with their time, and then nothing is kept", async () => {
    const { settings, token } = newUser();
    const { expiresAt } = await started(clientOf(settings).start({ token }));
    const name = userClaim(token);
    expect((await kept(name)).alarm).toBe(Date.parse(expiresAt));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_601_000 });
    expect(await runDurableObjectAlarm(env.CLAIMS.getByName(name))).toBe(true);
    expect(await kept(name)).toEqual({ entries: [], alarm: null });
  });

  test("leave nothing behind when the last has ended", async () => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    const { sessionId } = await started(service.start({ token }));
    await service.stop(sessionId, { token });
    expect(await kept(userClaim(token))).toEqual({ entries: [], alarm: null });
  });

  test("are not counted for an operator, nor for callers without a subject", async () => {
    const token = "the-operator-of-this-very-test";
    const service = clientOf({ OPERATOR_TOKENS: `many:${token}`, ALLOW_ANONYMOUS: "true" });
    for (let i = 0; i < LIMIT + 1; i++) {
      await started(service.start({ token }));
      await started(service.start());
    }
  });
});

/** The name of the object of a user of `newUser`. */
function userClaim(token: string): string {
  return `user token:user-${token.split("-").at(-1)}`;
}

describe("a room that is not ours", () => {
  test("has one session at a time", async () => {
    const first = await started(open.start(inRoom("shared")));
    const second = await open.start(inRoom("shared"));
    expect(second.status).toBe(409);
    expect(await problemOf(second)).toMatchObject({ code: "conflict", retryable: false });
    expect(fakes.signals().map(({ sessionId }) => sessionId)).toEqual([first.sessionId]);
    await started(open.start(inRoom("another")));
  });

  test("has one session whatever the case of its name", async () => {
    await started(open.start(inRoom("Lobby")));
    expect((await open.start(inRoom("lobby"))).status).toBe(409);
  });

  test("has one session when two start at the same time, and the loser puts nobody out of it", async () => {
    const responses = await Promise.all([open.start(inRoom("race")), open.start(inRoom("race"))]);
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expect(fakes.signals()).toHaveLength(1);
    expect(ejections()).toEqual([]);
  });

  test("is free only after it was cleared: clearing up later would put the next session's bot out", async () => {
    const { sessionId } = await started(open.start(inRoom("cleared")));
    await open.stop(sessionId);
    expect((await open.start(inRoom("cleared"))).status).toBe(409);
    await passTime(sessionId, 5_000);
    vi.useRealTimers();
    await vi.waitFor(async () => expect((await kept("room cleared")).entries).toEqual([]), PATIENTLY);
    expect(ejections()).toHaveLength(1);
    await started(open.start(inRoom("cleared")));
    expect(ejections()).toHaveLength(1);
  });

  test("is free again also when it could not be cleared", async () => {
    const { sessionId } = await started(open.start(inRoom("stubborn")));
    await open.stop(sessionId);
    for (let i = 0; i < 6; i++) fakes.dailyAnswers.push(refuse(400));
    for (let i = 0; i < 8; i++) await passTime(sessionId, 60_000);
    vi.useRealTimers();
    expect(ejections()).toHaveLength(6);
    expect((await kept("room stubborn")).entries).toEqual([]);
  });

  test("is not taken by a start that is refused for another reason", async () => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    for (let i = 0; i < LIMIT; i++) await started(service.start({ token }));
    expect((await service.start({ ...inRoom("wanted"), token })).status).toBe(429);
    expect(await kept("room wanted")).toEqual({ entries: [], alarm: null });
    await started(open.start(inRoom("wanted")));
  });

  test("and a place among the user's sessions are taken both or none", async () => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    await started(open.start(inRoom("taken")));
    for (let i = 0; i < LIMIT; i++) {
      expect((await service.start({ ...inRoom("taken"), token })).status).toBe(409);
    }
    expect(await kept(userClaim(token))).toEqual({ entries: [], alarm: null });
  });

  test("is none that was made for another session", async () => {
    const { room } = await started(open.start());
    const response = await open.start(inRoom(room.name));
    expect(response.status).toBe(422);
    expect((await problemOf(response)).errors).toEqual([
      { path: "roomUrl", message: "is the room of another session" },
    ]);
  });
});

test("a release that fails is tried again", async () => {
  const { settings, token } = newUser();
  const service = clientOf(settings);
  const { sessionId } = await started(service.start({ token }));
  const name = userClaim(token);
  const release = vi.spyOn(Claims.prototype, "release");
  release.mockRejectedValueOnce(new Error("the object is overloaded"));
  expect((await service.stop(sessionId, { token })).status).toBe(200);
  expect(release).toHaveBeenCalledOnce();
  expect((await kept(name)).entries).toHaveLength(1);
  await passTime(sessionId, 5_000);
  vi.useRealTimers();
  await vi.waitFor(async () => expect((await kept(name)).entries).toEqual([]), PATIENTLY);
  release.mockRestore();
});

test("a claim whose object does not answer is no start: nothing is begun, and what was taken is let go", async () => {
  const { settings, token } = newUser();
  const service = clientOf(settings);
  await runInDurableObject(env.CLAIMS.getByName("room away"), (claims) => {
    Object.defineProperty(claims, "claim", { value: undefined });
  });
  const response = await service.start({ ...inRoom("away"), token });
  expect(response.status).toBe(500);
  expect(await problemOf(response)).toMatchObject({ code: "internal", retryable: true });
  expect(fakes.daily.length + fakes.host.length).toBe(0);
  expect(await kept(userClaim(token))).toEqual({ entries: [], alarm: null });
});

test("a stop while it is being started lets go as well", async () => {
  const { settings, token } = newUser();
  const service = clientOf(settings);
  const room = held(() => Response.json({}));
  fakes.dailyAnswers.push(room.answer);
  const starting = service.start({ token });
  const signal = await vi.waitUntil(() => fakes.signals()[0], PATIENTLY);
  await service.stop(signal.sessionId, { token });
  room.release();
  expect((await starting).status).toBe(410);
  expect((await kept(userClaim(token))).entries).toEqual([]);
});

test("a start that breaks by a fault of ours ends its session: nothing is held for a caller who has none", async () => {
  const { settings, token } = newUser();
  const service = clientOf(settings);
  const sign = vi.spyOn(crypto.subtle, "sign").mockRejectedValueOnce(new Error("the key is broken"));
  const response = await service.start({ ...inRoom("broken"), token });
  sign.mockRestore();
  expect(response.status).toBe(500);
  expect((await kept(userClaim(token))).entries).toEqual([]);
  const sessionId = logs.lines.find(({ event }) => event === "session.accepted")?.sessionId;
  expect(await (await service.view(String(sessionId), { token })).json()).toMatchObject({ state: "failed" });
  await passTime(String(sessionId), 1);
  vi.useRealTimers();
  await vi.waitFor(async () => expect((await kept("room broken")).entries).toEqual([]), PATIENTLY);
});
