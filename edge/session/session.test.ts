import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { roomProperties } from "../daily/room-properties.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get, post, startSession, viewOf as view } from "../testing/edge-client.ts";
import { held, refuse, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";
import { redeploy } from "../testing/redeploy.ts";
import { startCommand } from "../testing/start-command.ts";
import { openLink } from "../testing/test-link.ts";
import { JOIN_DEADLINE_MS } from "./next-deadline.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();

/** The default. */
const SILENT_MS = 30_000;
const NOBODY = "0123456789abcdef0123456789abcdef";
const passTime = usePassingTime();

/** For when the platform's own alarm is not due in this test: looks at what the object has planned. */
function alarmAt(sessionId: string): Promise<number | null> {
  return runInDurableObject(env.SESSIONS.getByName(sessionId), (_, state) => state.storage.getAlarm());
}

const deletions = () => fakes.daily.filter(({ method }) => method === "DELETE");

test("a session that nobody joins ends by its alarm, and leaves no room and no bot", async () => {
  const { sessionId, room } = await startSession();
  expect(await passTime(sessionId, JOIN_DEADLINE_MS)).toBe(true);
  expect(await view(sessionId)).toMatchObject({ state: "failed", reason: "never_joined" });
  await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"));
  expect(deletions()).toEqual([]);
  await passTime(sessionId, 5_000);
  await vi.waitFor(() => expect(deletions().map(({ path }) => path)).toEqual([`/v1/rooms/${room.name}`]));
});

test("the alarm is for the nearest deadline, and an early one changes nothing", async () => {
  const { sessionId } = await startSession();
  const planned = await alarmAt(sessionId);
  // By then its bot should have opened its link.
  expect(Math.abs((planned ?? 0) - (Date.now() + SILENT_MS))).toBeLessThan(2_000);
  expect(await passTime(sessionId, 0)).toBe(true);
  expect(await alarmAt(sessionId)).toBe(planned);
  expect(await view(sessionId)).toMatchObject({ state: "starting" });
});

test("expiry ends a session in use", async () => {
  const { sessionId } = await startSession();
  const [signal] = fakes.signals();
  if (!signal) throw new Error("no signal");
  const link = await openLink(signal);
  await link.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
  await link.reported(2, { kind: "mark", mark: "clientJoined", at: Date.now() });
  await passTime(sessionId, 3_600_000);
  expect(await view(sessionId)).toMatchObject({ state: "completed", reason: "expired" });
  await link.untilCommand({ type: "stop", reason: "expired" });
});

test("a room that cannot be deleted is tried again, and given up until the session is looked at once more", async () => {
  const { sessionId } = await startSession();
  await post(`/api/rtvi/${sessionId}/stop`);
  await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"));
  for (let i = 0; i < 6; i++) fakes.dailyAnswers.push(refuse(400));
  for (let i = 0; i < 8; i++) await passTime(sessionId, 60_000);
  const failures = logs.lines.filter(({ event }) => event === "session.job_failed");
  expect(failures.map(({ gaveUp }) => gaveUp)).toEqual([false, false, false, false, false, true]);
  expect(deletions()).toHaveLength(7);
  expect(logs.lines).toContainEqual(
    expect.objectContaining({ event: "session.reaped", found: "room", sessionId }),
  );
  expect(fakes.rooms).toEqual(new Set());
});

test("a room that is gone already counts as deleted", async () => {
  const { sessionId } = await startSession();
  await post(`/api/rtvi/${sessionId}/stop`);
  await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"));
  fakes.rooms.clear();
  for (let i = 0; i < 3; i++) await passTime(sessionId, 60_000);
  expect(deletions()).toHaveLength(1);
  expect(logs.lines).not.toContainEqual(expect.objectContaining({ event: "session.reaped" }));
});

test("of a room that is not ours those who are still there are put out, and counted", async () => {
  const { sessionId } = await startSession({ roomUrl: "http://daily.test/lobby", user: { id: "ada" } });
  await post(`/api/rtvi/${sessionId}/stop`);
  await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"));
  fakes.dailyAnswers.push(() => Response.json({ ejectedIds: ["one", "two"] }));
  await passTime(sessionId, 6_000);
  expect(fakes.daily.map(({ path, text }) => [path, text])).toEqual([
    ["/v1/rooms/lobby/eject", JSON.stringify({ user_ids: ["bot-1", "ada"] })],
  ]);
  const reaped = { event: "session.reaped", found: "participants", count: 2, sessionId };
  expect(logs.lines).toContainEqual(expect.objectContaining(reaped));
  // Another session may have it by then.
  await passTime(sessionId, 90_000);
  expect(fakes.daily).toHaveLength(1);
});

test("a day after the end nothing is left, not even the alarm", async () => {
  const { sessionId } = await startSession();
  await post(`/api/rtvi/${sessionId}/stop`);
  await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"));
  await passTime(sessionId, 10_000);
  await passTime(sessionId, 60_000);
  expect(fakes.daily.map(({ method }) => method)).toEqual(["POST", "DELETE", "GET"]);
  await passTime(sessionId, 25 * 3_600_000);
  expect((await get(`/api/rtvi/${sessionId}`)).status).toBe(404);
  expect((await post(`/api/rtvi/${sessionId}/stop`)).status).toBe(404);
  expect(await alarmAt(sessionId)).toBeNull();
  const left = await runInDurableObject(env.SESSIONS.getByName(sessionId), (_, state) => [
    ...state.storage.kv.list(),
  ]);
  expect(left).toEqual([]);
});

test("an alarm that comes a day late still deletes the room before everything is forgotten", async () => {
  const { sessionId, room } = await startSession();
  await post(`/api/rtvi/${sessionId}/stop`);
  await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"));
  await passTime(sessionId, 25 * 3_600_000);
  expect(deletions().map(({ path }) => path)).toEqual([`/v1/rooms/${room.name}`]);
  for (let i = 0; i < 2; i++) await passTime(sessionId, 60_000);
  expect((await get(`/api/rtvi/${sessionId}`)).status).toBe(404);
  expect(logs.lines).not.toContainEqual(expect.objectContaining({ event: "session.alarm_failed" }));
});

test("settings that were broken since count against what is owed: it is given up, not tried for ever", async () => {
  const { sessionId } = await startSession();
  await post(`/api/rtvi/${sessionId}/stop`);
  await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"));
  await runInDurableObject(env.SESSIONS.getByName(sessionId), (session) => {
    redeploy(session, { APP_ENV: "production" });
  });
  for (let i = 0; i < 14; i++) await passTime(sessionId, 60_000);
  expect(deletions()).toEqual([]);
  const failures = logs.lines.filter(({ event }) => event === "session.job_failed");
  expect(failures.at(-1)).toMatchObject({ tries: 6, gaveUp: true });
  expect(logs.lines).not.toContainEqual(expect.objectContaining({ event: "session.alarm_failed" }));
});

test("a stop while it is being started ends it, and undoes what comes late", async () => {
  const room = held(() => Response.json({}));
  fakes.dailyAnswers.push(room.answer);
  const starting = post("/api/rtvi/start");
  const signal = await vi.waitUntil(() => fakes.signals()[0]);
  expect((await post(`/api/rtvi/${signal.sessionId}/stop`)).status).toBe(200);
  room.release();
  const response = await starting;
  expect(response.status).toBe(410);
  expect(await response.json()).toMatchObject({ code: "session_ended" });
  await vi.waitFor(() => expect(deletions()).toHaveLength(1));
  await vi.waitFor(() =>
    expect(fakes.host.filter(({ method }) => method === "DELETE").length).toBeGreaterThan(0),
  );
});

test("with a real key alone, Daily is asked for its domain first; nothing is begun when it does not say", async () => {
  const stub = env.SESSIONS.getByName(NOBODY);
  const start = () =>
    runInDurableObject(stub, (session) => {
      redeploy(session, { ...env, DAILY_API_KEY: "a-real-key", DAILY_API_URL: "" });
      const room = { kind: "reuse", url: "https://example.daily.co/a-room" } as const;
      return session.start(startCommand({ sessionId: NOBODY, room }));
    });
  fakes.dailyAnswers.push(refuse(401), () =>
    Response.json({ domain_name: "example", domain_id: "domain-1" }),
  );
  expect(await start()).toMatchObject({ ok: false, code: "daily_failed" });
  expect((await get(`/api/rtvi/${NOBODY}`)).status).toBe(404);
  expect(fakes.host).toEqual([]);
  expect(await start()).toMatchObject({ ok: true, room: { name: "a-room" } });
  expect(fakes.daily.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /v1/", "GET /v1/"]);
});

describe("with tokens signed by Daily", () => {
  const start = () =>
    runInDurableObject(env.SESSIONS.getByName(NOBODY), (session) => {
      redeploy(session, { ...env, DAILY_TOKEN_MODE: "api" });
      const properties = roomProperties({}, { nowMs: Date.now(), maxMs: 60_000 });
      const user = { id: "ada" };
      return session.start(startCommand({ sessionId: NOBODY, user, room: { kind: "create", properties } }));
    });
  const calls = () => fakes.daily.map(({ method, path }) => `${method} ${path}`);

  test("both are asked for while the room is made", async () => {
    const room = held(() => Response.json({}));
    fakes.dailyAnswers.push(room.answer);
    const starting = start();
    await vi.waitFor(() => expect(fakes.signals()).toHaveLength(1));
    expect(calls().toSorted()).toEqual([
      "POST /v1/meeting-tokens",
      "POST /v1/meeting-tokens",
      "POST /v1/rooms",
    ]);
    room.release();
    expect(await starting).toMatchObject({ ok: true, token: "signed-by-daily-for-ada" });
    expect(fakes.signals()[0]?.token).toBe("signed-by-daily-for-bot-1");
  });

  test.each([
    ["bot-1", "no bot is sent for", []],
    ["ada", "the bot is called back", ["POST", "DELETE"]],
  ])("one that cannot be had, of %s, is a failure of Daily: %s, and the room goes", async (id, _, atHost) => {
    const answer = () => {
      const isRefused = fakes.daily.at(-1)?.text.includes(`"user_id":"${id}"`);
      return isRefused ? Response.json({}, { status: 400 }) : Response.json({ token: "a-token" });
    };
    fakes.dailyAnswers.push(answer, answer, answer);
    expect(await start()).toMatchObject({ ok: false, code: "daily_failed" });
    await vi.waitFor(() => expect(deletions()).toHaveLength(1));
    await vi.waitFor(() => expect(fakes.host.map(({ method }) => method)).toEqual(atHost));
    expect(await view(NOBODY)).toMatchObject({ state: "failed", reason: "daily_failed" });
  });
});

test("a session id is started once", async () => {
  const { sessionId } = await startSession();
  const outcome = await env.SESSIONS.getByName(sessionId).start(startCommand({ sessionId }));
  expect(outcome).toMatchObject({ ok: false, code: "conflict" });
});

test("an alarm that breaks is set again", async () => {
  const { sessionId } = await startSession();
  const stub = env.SESSIONS.getByName(sessionId);
  // What a bug, or a record of another version, would do.
  await runInDurableObject(stub, (_, state) => state.storage.kv.put("record", { sessionId, bot: {} }));
  expect(await passTime(sessionId, JOIN_DEADLINE_MS)).toBe(true);
  expect(logs.lines).toContainEqual(expect.objectContaining({ event: "session.alarm_failed", sessionId }));
  expect(await alarmAt(sessionId)).toBeGreaterThan(Date.now());
});
