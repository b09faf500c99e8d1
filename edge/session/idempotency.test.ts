import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { describe, expect, test, vi } from "vitest";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { StartRequest } from "../../protocol/session.ts";
import type { Caller } from "../callers/caller.ts";
import { CLOSED, clientOf, TOKENS } from "../testing/callers.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get, post, problemOf } from "../testing/edge-client.ts";
import { held, refuse, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";
import { fingerprint, idempotentSessionId } from "./idempotency.ts";
import { SessionStore } from "./store.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const passTime = usePassingTime();

/** Below the time of a test, and far above what a busy machine needs; vitest alone waits a second. */
const PATIENTLY = { timeout: 4_000 };

const KEY = "5d3ba1f0-0c5e-4b43-9f6e-3c0b1ad1f2f4";

interface Reply {
  sessionId: string;
  token: string;
  room: { url: string };
}

async function start(body?: unknown, key = KEY): Promise<Reply & { status: number }> {
  const response = await post("/api/rtvi/start", body, { "idempotency-key": key });
  return { ...(await response.json<Reply>()), status: response.status };
}

describe("a start with a key", () => {
  test("that comes again is the same session, with a token of its own, and nothing is begun twice", async () => {
    const body = { user: { name: "Ada" } };
    // The clock stands still, so that no second of it ends between the two.
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now });
    const first = await start(body);
    expect(first.status).toBe(201);
    vi.setSystemTime(now + 10_000);
    const second = await start(body);
    vi.useRealTimers();
    expect(second.status).toBe(200);
    const { status: _, token: firstToken, ...session } = first;
    const { status: __, token: secondToken, ...again } = second;
    expect(again).toEqual(session);
    const [one, other] = [decodeJwt(firstToken), decodeJwt(secondToken)];
    expect(other).toEqual({ ...one, iat: Number(one.iat) + 10 });
    expect([fakes.daily.length, fakes.host.length]).toEqual([1, 1]);
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "session.started_again" }));
    expect(first.sessionId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("that comes at the same time waits for the first", async () => {
    const room = held(() => Response.json({}));
    fakes.dailyAnswers.push(room.answer);
    const starting = [start(), start(), start()];
    await vi.waitUntil(() => fakes.signals()[0], PATIENTLY);
    room.release();
    const replies = await Promise.all(starting);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 200, 201]);
    expect(new Set(replies.map(({ sessionId }) => sessionId)).size).toBe(1);
    expect([fakes.daily.length, fakes.host.length]).toEqual([1, 1]);
  });

  test("that comes at the same time fails with the first, without a try of its own", async () => {
    const room = held(refuse(401));
    fakes.dailyAnswers.push(room.answer);
    const starting = [start(), start()];
    await vi.waitUntil(() => fakes.signals()[0], PATIENTLY);
    room.release();
    expect((await Promise.all(starting)).map(({ status }) => status)).toEqual([502, 502]);
    expect(fakes.signals()).toHaveLength(1);
  });

  test("asks for the same however it is written", async () => {
    const first = await start({
      user: { name: "Ada", locale: "de-AT" },
      metadata: { a: 1, b: [{ c: 2, d: 3 }] },
    });
    const again = await start({
      metadata: { b: [{ d: 3, c: 2 }], a: 1 },
      user: { locale: "de-DE", name: "Ada" },
      createDailyRoom: true,
    });
    expect(again).toMatchObject({ status: 200, sessionId: first.sessionId });
  });

  test("is the same on every address that starts sessions", async () => {
    const first = await start({ user: { locale: "fr" } });
    const response = await post("/connect", { language: "fr" }, { "idempotency-key": KEY });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-session-id")).toBe(first.sessionId);
  });

  test("that asks for something else is 409, also while the first is under way", async () => {
    const room = held(() => Response.json({}));
    fakes.dailyAnswers.push(room.answer);
    const starting = start({ user: { name: "Ada" } });
    await vi.waitUntil(() => fakes.signals()[0], PATIENTLY);
    const meanwhile = await post("/start", { user: { name: "Bob" } }, { "idempotency-key": KEY });
    room.release();
    expect((await starting).status).toBe(201);
    const later = await post("/start", undefined, { "idempotency-key": KEY });
    for (const response of [meanwhile, later]) {
      expect(response.status).toBe(409);
      const problem = await problemOf(response);
      expect(problem).toMatchObject({ code: "conflict", retryable: false });
      expect(problem.detail).toContain("Idempotency-Key");
    }
    expect(fakes.signals()).toHaveLength(1);
  });

  test("of another length, case or ending is another session", async () => {
    const ids = new Set<string>();
    for (const key of [KEY, `${KEY}0`, KEY.slice(1), KEY.toUpperCase(), "x".repeat(255)]) {
      ids.add((await start(undefined, key)).sessionId);
    }
    expect(ids.size).toBe(5);
  });

  test.each([
    ["empty", ""],
    ["too long", "x".repeat(256)],
    ["with a space", "two words"],
    ["with a tab", "two\twords"],
    ["with letters beyond ASCII", "clé"],
  ])("that is %s is 422, and starts nothing", async (_, key) => {
    const response = await post("/api/rtvi/start", undefined, { "idempotency-key": key });
    expect(response.status).toBe(422);
    const problem = await problemOf(response);
    expect(problem.errors?.map(({ path }) => path)).toEqual(["Idempotency-Key"]);
    expect(fakes.daily.length + fakes.host.length).toBe(0);
  });
});

describe("the key of a session that", () => {
  test("has ended is 410: its room is gone, and another conversation needs another key", async () => {
    const { sessionId } = await start();
    await post(`/api/rtvi/${sessionId}/stop`);
    const response = await post("/api/rtvi/start", undefined, { "idempotency-key": KEY });
    expect(response.status).toBe(410);
    expect(await problemOf(response)).toMatchObject({ code: "session_ended", retryable: false });
    expect(fakes.signals()).toHaveLength(1);
  });

  test("was forgotten is good for a new one", async () => {
    const { sessionId } = await start();
    await post(`/api/rtvi/${sessionId}/stop`);
    await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"), PATIENTLY);
    await passTime(sessionId, 10_000);
    await passTime(sessionId, 60_000);
    await passTime(sessionId, 25 * 3_600_000);
    vi.useRealTimers();
    expect(await start()).toMatchObject({ status: 201, sessionId });
  });

  test("failed to start is good for another try, in another room and with a session of its own", async () => {
    fakes.hostAnswers.push(refuse(503));
    expect((await start()).status).toBe(503);
    fakes.hostAnswers.push(refuse(503));
    expect((await start()).status).toBe(503);
    const third = await start();
    expect(third.status).toBe(201);
    expect(await start()).toMatchObject({ status: 200, sessionId: third.sessionId });
    const ids = fakes.signals().map(({ sessionId }) => sessionId);
    expect(new Set(ids).size).toBe(3);
    expect(ids.at(-1)).toBe(third.sessionId);
  });

  test("failed to start is not good for asking for something else", async () => {
    fakes.hostAnswers.push(refuse(503));
    await start({ user: { name: "Ada" } });
    expect((await start({ user: { name: "Bob" } })).status).toBe(409);
  });

  test("failed too often is 409, rather than passed on for ever", async () => {
    for (let i = 0; i < 10; i++) {
      fakes.hostAnswers.push(refuse(503));
      expect((await start()).status).toBe(503);
    }
    expect((await start()).status).toBe(409);
    expect(fakes.signals()).toHaveLength(10);
  });

  test("was cut off while it was started, as by a deploy, is good for another try, and the old one is over", async () => {
    const { sessionId } = await start();
    await runInDurableObject(env.SESSIONS.getByName(sessionId), (_, { storage }) => {
      const store = new SessionStore(storage.kv);
      const record = store.read();
      if (!record) throw new Error("no record");
      store.write({ ...record, bot: { ...record.bot, hostId: undefined } });
    });
    const again = await start();
    expect(again.status).toBe(201);
    expect(again.sessionId).not.toBe(sessionId);
    const cut = await (await get(`/api/rtvi/${sessionId}`)).json();
    expect(cut).toMatchObject({ state: "failed", reason: "bot_lost" });
  });

  test("was cut off when its host had taken the call, is over for that host too", async () => {
    const { sessionId } = await start();
    await runInDurableObject(env.SESSIONS.getByName(sessionId), (_, { storage }) => {
      const store = new SessionStore(storage.kv);
      const record = store.read();
      if (!record) throw new Error("no record");
      store.write({ ...record, room: { ...record.room, ready: false } });
    });
    expect((await start()).status).toBe(201);
    // Due at once: the alarm may ring by itself, and even while it is rung here. Jobs may be done twice.
    await passTime(sessionId, 1);
    vi.useRealTimers();
    const stops = () => fakes.host.filter(({ method }) => method === "DELETE").map(({ path }) => path);
    await vi.waitFor(() => {
      expect(new Set(stops())).toEqual(new Set([`/sessions/${sessionId}?attempt=1`]));
    }, PATIENTLY);
  });
});

describe("keys of different callers", () => {
  const service = clientOf({ ...CLOSED, ALLOW_ANONYMOUS: "true" });
  const headers = { "idempotency-key": KEY };

  test("are different keys: nobody gets another's session by knowing the key", async () => {
    const replies = [];
    for (const token of [TOKENS.ada, TOKENS.bob, TOKENS.operator, undefined]) {
      const response = await service.start({ headers, ...(token === undefined ? {} : { token }) });
      expect(response.status).toBe(201);
      replies.push(await response.json<Reply>());
    }
    expect(new Set(replies.map(({ sessionId }) => sessionId)).size).toBe(4);
  });
});

describe("the session id of a key", () => {
  const ada: Caller = { kind: "user", subject: "token:ada" };
  const idOf = (caller: Caller, key: string, round = 0) =>
    idempotentSessionId(DEV_SIGNING_KEY, { caller, key, round });

  test("is the same each time, and no two of these are alike", async () => {
    const ids = await Promise.all([
      idOf(ada, "key"),
      idOf(ada, "key", 1),
      idOf(ada, "key1"),
      idOf({ kind: "user", subject: "token:ada2" }, "key"),
      idOf({ kind: "anonymous" }, "key"),
      idOf({ kind: "user", subject: "" }, "key"),
      // What would be written alike if the parts were only put one after the other.
      idOf({ kind: "user", subject: 'token:ada","key' }, ""),
      idempotentSessionId({ ...DEV_SIGNING_KEY, d: "B".repeat(43) }, { caller: ada, key: "key", round: 0 }),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await idOf(ada, "key")).toBe(ids[0]);
  });
});

describe("what a start asks for", () => {
  const of = (body: unknown) => fingerprint(StartRequest.parse(body));

  test("differs by every field", async () => {
    const all = await Promise.all([
      of({}),
      of({ createDailyRoom: false }),
      of({ roomUrl: "https://example.daily.co/a" }),
      of({ user: { id: "ada" } }),
      of({ user: { name: "ada" } }),
      of({ user: { locale: "de" } }),
      of({ metadata: {} }),
      of({ metadata: { a: null } }),
      of({ metadata: { a: [] } }),
      of({ metadata: { a: {} } }),
      of({ metadata: { a: "[]" } }),
      of({ metadata: { a: ["object", ["b", 1]] } }),
      of({ metadata: { a: { b: 1 } } }),
      of({ dailyRoomProperties: { enable_chat: true } }),
      of({ dailyRoomProperties: { enable_chat: false } }),
    ]);
    expect(new Set(all).size).toBe(all.length);
  });
});
