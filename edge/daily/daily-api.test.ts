import { jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { refuse, silence, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { dailyAccount, roomNameOf } from "./account.ts";
import { backoffMs } from "./backoff.ts";
import { DailyApi } from "./daily-api.ts";
import { mintToken } from "./mint-token.ts";
import { roomProperties } from "./room-properties.ts";
import { NO_WISHES } from "./token-wishes.ts";
import type { MeetingToken } from "./tokens.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const api = new DailyApi({ apiUrl: "http://daily.test/v1", apiKey: "key" });
const BUDGET_MS = 5_000;
const room = { name: "vrd-1", properties: roomProperties({}, { nowMs: 0, maxMs: 3_600_000 }) };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Runs a call to its end on simulated time. */
async function settled<Value>(call: Promise<Value>): Promise<Value> {
  await vi.runAllTimersAsync();
  return call;
}

describe("retries", () => {
  test.each([429, 500, 503])("%i is tried again", async (status) => {
    fakes.dailyAnswers.push(refuse(status), refuse(status));
    expect(await settled(api.createRoom(room, BUDGET_MS))).toEqual({ ok: true, value: undefined });
    expect(fakes.daily).toHaveLength(3);
  });

  test("so is a connection that breaks", async () => {
    fakes.dailyAnswers.push(() => Promise.reject(new TypeError("connection lost")));
    expect(await settled(api.createRoom(room, BUDGET_MS))).toMatchObject({ ok: true });
  });

  test.each([
    [400, "refused"],
    [401, "unauthorized"],
    [403, "unauthorized"],
    [302, "refused"],
  ])("%i is not, and is told apart", async (status, kind) => {
    fakes.dailyAnswers.push(refuse(status));
    expect(await settled(api.createRoom(room, BUDGET_MS))).toEqual({ ok: false, failure: { kind, status } });
    expect(fakes.daily).toHaveLength(1);
  });

  test.each([
    [400, "authorization-header-error"],
    [401, "authentication-error"],
  ])("%i %s is about the key", async (status, error) => {
    fakes.dailyAnswers.push(refuse(status, { error, info: "whatever" }));
    const failure = { kind: "unauthorized", status };
    expect(await settled(api.createRoom(room, BUDGET_MS))).toEqual({ ok: false, failure });
  });

  test("no redirect is followed: it would carry the API key to another place", async () => {
    await settled(api.createRoom(room, BUDGET_MS));
    expect(fakes.daily.map(({ redirect }) => redirect)).toEqual(["manual"]);
  });

  test("they keep inside the budget", async () => {
    fakes.dailyAnswers.push(...Array.from({ length: 50 }, () => refuse(429)));
    const before = Date.now();
    const result = await settled(api.createRoom(room, BUDGET_MS));
    expect(result).toEqual({ ok: false, failure: { kind: "rate_limited", status: 429 } });
    expect(Date.now() - before).toBeLessThan(BUDGET_MS);
    expect(fakes.daily.length).toBeGreaterThan(3);
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "daily.call_failed", call: "rooms.create", failure: "rate_limited" }),
    );
  });

  test("silence ends with the budget, and is not tried again", async () => {
    fakes.dailyAnswers.push(silence);
    const before = Date.now();
    expect(await settled(api.createRoom(room, BUDGET_MS))).toEqual({
      ok: false,
      failure: { kind: "timeout" },
    });
    expect(Date.now() - before).toBe(BUDGET_MS);
    expect(fakes.daily).toHaveLength(1);
  });

  test("a call that is over leaves no timer", async () => {
    await api.createRoom(room, BUDGET_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("wait longer each time, and never all the same", () => {
    expect([1, 2, 3, 9].map((tries) => backoffMs(tries, () => 0))).toEqual([100, 200, 400, 1_000]);
    expect([1, 2, 3, 9].map((tries) => backoffMs(tries, () => 1))).toEqual([200, 400, 800, 2_000]);
  });
});

describe("rooms", () => {
  const exists = refuse(400, { error: "invalid-request-error", info: "a room named vrd-1 already exists" });

  test("one that exists after a first try that seemed to fail is ours", async () => {
    fakes.dailyAnswers.push(refuse(503), exists);
    expect(await settled(api.createRoom(room, BUDGET_MS))).toMatchObject({ ok: true });
  });

  test("one that exists at the first try is not", async () => {
    fakes.dailyAnswers.push(exists);
    expect(await settled(api.createRoom(room, BUDGET_MS))).toMatchObject({ ok: false });
  });

  test("deleting and ejecting where nothing is, is done", async () => {
    fakes.dailyAnswers.push(refuse(404), refuse(404));
    expect(await settled(api.deleteRoom("vrd-1", BUDGET_MS))).toMatchObject({ ok: true });
    expect(await settled(api.eject("vrd-1", ["bot-1"], BUDGET_MS))).toEqual({ ok: true, value: 0 });
    expect(fakes.daily.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "DELETE /v1/rooms/vrd-1",
      "POST /v1/rooms/vrd-1/eject",
    ]);
  });
});

test("ejecting says how many were put out", async () => {
  fakes.dailyAnswers.push(() => Response.json({ ejectedIds: ["session-1", "session-2"] }));
  const ejected = await settled(api.eject("vrd-1", ["bot-1", "ada"], BUDGET_MS));
  expect(ejected).toEqual({ ok: true, value: 2 });
  expect(JSON.parse(fakes.daily[0]?.text ?? "")).toEqual({ user_ids: ["bot-1", "ada"] });
});

test("whether a room is there is not guessed", async () => {
  fakes.dailyAnswers.push(() => Response.json({ name: "vrd-1" }), refuse(404), refuse(400));
  const asked = () => settled(api.hasRoom("vrd-1", BUDGET_MS));
  expect(await asked()).toEqual({ ok: true, value: true });
  expect(await asked()).toEqual({ ok: true, value: false });
  expect(await asked()).toMatchObject({ ok: false, failure: { kind: "refused" } });
});

test("a deletion that Daily has no time for is left to whoever owes it", async () => {
  fakes.dailyAnswers.push(refuse(429));
  const failure = { kind: "rate_limited", status: 429 };
  expect(await settled(api.deleteRoom("vrd-1", BUDGET_MS))).toEqual({ ok: false, failure });
  expect(fakes.daily).toHaveLength(1);
});

describe("meeting tokens", () => {
  const token: MeetingToken = {
    domainId: "domain-1",
    roomName: "vrd-1",
    expiresAt: 1_900_000_000_500,
    userId: "ada",
    userName: "Ada",
    role: { kind: "caller", ...NO_WISHES },
  };
  const settings = (tokenMode: "self" | "api") => ({
    apiUrl: "http://daily.test/v1",
    apiKey: "a-key-of-our-own-to-sign-with",
    tokenMode,
  });

  test("cost no call where we sign", async () => {
    const minted = await settled(mintToken(settings("self"), token, BUDGET_MS));
    if (!minted.ok) throw new Error("it failed");
    const { payload } = await jwtVerify(minted.value, new TextEncoder().encode(settings("self").apiKey));
    expect(payload).toEqual({
      r: "vrd-1",
      d: "domain-1",
      ud: "ada",
      u: "Ada",
      ejt: true,
      p: { hp: true, cs: "a" },
      iat: expect.any(Number),
      exp: 1_900_000_000,
    });
    expect(fakes.daily).toEqual([]);
  });

  test("are asked of Daily where it signs, with the same meaning", async () => {
    fakes.dailyAnswers.push(() => Response.json({ token: "signed-by-daily" }));
    const wishes = { video: true, exp: 1_800_000_000, startVideoOff: false, startAudioOff: true };
    const caller: MeetingToken = { ...token, role: { kind: "caller", ...wishes } };
    expect(await settled(mintToken(settings("api"), caller, BUDGET_MS))).toEqual({
      ok: true,
      value: "signed-by-daily",
    });
    expect(fakes.daily[0]).toMatchObject({ method: "POST", path: "/v1/meeting-tokens" });
    expect(JSON.parse(fakes.daily[0]?.text ?? "")).toEqual({
      properties: {
        room_name: "vrd-1",
        user_id: "ada",
        user_name: "Ada",
        exp: 1_800_000_000,
        eject_at_token_exp: true,
        permissions: { hasPresence: true, canSend: ["video", "audio"] },
        start_video_off: false,
        start_audio_off: true,
      },
    });
  });

  test("of bots make owners, who may send everything", async () => {
    fakes.dailyAnswers.push(() => Response.json({ token: "signed-by-daily" }));
    const bot: MeetingToken = { ...token, userId: "bot-1", role: { kind: "bot" } };
    await settled(mintToken(settings("api"), bot, BUDGET_MS));
    const { properties } = JSON.parse(fakes.daily[0]?.text ?? "");
    expect(properties).toMatchObject({ is_owner: true, user_id: "bot-1" });
    expect(properties).not.toHaveProperty("permissions");
  });

  test.each([
    [500, {}, 2],
    [200, {}, 1],
    [200, { token: "" }, 1],
  ])("an answer %i %j is no token", async (status, body, calls) => {
    fakes.dailyAnswers.push(refuse(status, body));
    const minted = await settled(mintToken(settings("api"), token, BUDGET_MS));
    expect(fakes.daily).toHaveLength(calls);
    if (calls === 1) expect(minted).toMatchObject({ ok: false });
  });
});

describe("the account", () => {
  const settings = () => ({
    emulated: false,
    apiUrl: "http://daily.test/v1",
    apiKey: "key",
    domainName: undefined,
    domainId: undefined,
    callMachineUrl: undefined,
    sampleRoomUrl: undefined,
    tokenMode: "self" as const,
  });

  test("costs nothing where the settings hold it", async () => {
    const known = { ...settings(), domainName: "example", domainId: "id-1" };
    expect(await dailyAccount(known)).toEqual({
      ok: true,
      value: { domainId: "id-1", roomBase: "https://example.daily.co" },
    });
    expect(fakes.daily).toEqual([]);
  });

  test("is asked once otherwise, and again only after a failure", async () => {
    const unknown = settings();
    fakes.dailyAnswers.push(refuse(401), () =>
      Response.json({ domain_name: "example", domain_id: "id-2", config: {} }),
    );
    expect(await settled(dailyAccount(unknown))).toMatchObject({
      ok: false,
      failure: { kind: "unauthorized" },
    });
    const expected = { ok: true, value: { domainId: "id-2", roomBase: "https://example.daily.co" } };
    expect(await settled(dailyAccount(unknown))).toEqual(expected);
    expect(await settled(dailyAccount(unknown))).toEqual(expected);
    expect(fakes.daily.map(({ path }) => path)).toEqual(["/v1/", "/v1/"]);
  });

  test.each([
    ["https://example.daily.co/a-Room_1", "a-Room_1"],
    ["https://example.daily.co/", undefined],
    ["https://example.daily.co/a/b", undefined],
    ["https://example.daily.co/a?t=1", undefined],
    ["https://example.daily.co:444/a", undefined],
    ["http://example.daily.co/a", undefined],
    ["https://other.daily.co/a", undefined],
    ["https://example.daily.co.evil.example/a", undefined],
    ["https://example.daily.co@evil.example/a", undefined],
  ])("%s is a room of it: %s", (url, name) => {
    expect(roomNameOf(url, { domainId: "id", roomBase: "https://example.daily.co" })).toBe(name);
  });
});

describe("room properties", () => {
  const now = { nowMs: 1_000_000_000, maxMs: 3_600_000 };

  test("defaults", () => {
    expect(roomProperties({}, now)).toEqual({
      exp: 1_003_600,
      eject_at_room_exp: true,
      max_participants: 3,
      enable_prejoin_ui: false,
      enable_chat: false,
      start_video_off: true,
      start_audio_off: false,
    });
  });

  test.each([
    [{ exp: 1_000_000 }, "exp"],
    [{ exp: 1_003_601 }, "exp"],
    [{ exp: "soon" }, "exp"],
    [{ eject_at_room_exp: false }, "eject_at_room_exp"],
    [{ max_participants: 1 }, "max_participants"],
    [{ max_participants: 100 }, "max_participants"],
    [{ enable_chat: "yes" }, "enable_chat"],
    [{ enable_recording: "cloud" }, "enable_recording"],
    [{ privacy: "public" }, "privacy"],
  ])("%j is refused", (wishes, name) => {
    expect(() => roomProperties(wishes, now)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(name) }),
    );
  });
});
