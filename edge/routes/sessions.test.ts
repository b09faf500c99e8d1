import { decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, test, vi } from "vitest";
import { DEV_SIGNING_KEY, EMULATED_DAILY } from "../../protocol/development.ts";
import { SessionView, StartReply, StopReply } from "../../protocol/session.ts";
import { createRequestVerifier, publicKeys } from "../../protocol/signing.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get, post, problemOf, startSession, viewOf as view } from "../testing/edge-client.ts";
import { refuse, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const passTime = usePassingTime();

const NOBODY = "0123456789abcdef0123456789abcdef";

async function claimsOf(token: string) {
  const key = new TextEncoder().encode(EMULATED_DAILY.apiKey);
  return (await jwtVerify(token, key, { algorithms: ["HS256"] })).payload;
}

function theSignal() {
  const [signal, ...others] = fakes.signals();
  if (!signal || others.length > 0) throw new Error(`the host was signalled ${fakes.signals().length} times`);
  return signal;
}

describe("start", () => {
  test.each(["/api/rtvi/start", "/start"])(
    "POST %s answers 201 with all that a client needs",
    async (path) => {
      const before = Date.now();
      const response = await post(path);
      expect(response.status).toBe(201);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      const body = await response.json();
      const reply = StartReply.strict().parse(body);
      expect(response.headers.get("x-session-id")).toBe(reply.sessionId);
      expect(reply.sessionId).toMatch(/^[0-9a-f]{32}$/);
      expect(reply.room.name).toMatch(/^vrd-[0-9a-f]{16}$/);
      expect(reply.sessionId).not.toContain(reply.room.name.slice(4));
      expect(reply.room.url).toBe(`http://daily.test/${reply.room.name}`);
      expect(reply.room_url).toBe(reply.room.url);
      expect(reply.rtvi).toEqual({
        startEndpoint: "http://edge.test/api/rtvi/start",
        wsEndpoint: expect.stringMatching(
          `^ws://edge\\.test/api/rtvi/${reply.sessionId}/events\\?ticket=[\\w.-]+$`,
        ),
      });
      const lastsMs = Date.parse(reply.expiresAt) - before;
      expect(lastsMs).toBeGreaterThan(3_598_000);
      expect(lastsMs).toBeLessThanOrEqual(3_601_000);
    },
  );

  test("costs one call of Daily and one of the host", async () => {
    await startSession();
    expect(fakes.daily.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /v1/rooms"]);
    expect(fakes.host.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /sessions"]);
  });

  test("makes a private room that ends with the session", async () => {
    const { room, expiresAt } = await startSession({ dailyRoomProperties: { enable_chat: true } });
    const [call] = fakes.daily;
    expect(call?.headers.get("authorization")).toBe(`Bearer ${EMULATED_DAILY.apiKey}`);
    expect(JSON.parse(call?.text ?? "")).toEqual({
      name: room.name,
      privacy: "private",
      properties: {
        exp: Date.parse(expiresAt) / 1_000,
        eject_at_room_exp: true,
        max_participants: 3,
        enable_prejoin_ui: false,
        enable_chat: true,
        start_video_off: true,
        start_audio_off: false,
      },
    });
  });

  test("a room that is to end earlier ends the session earlier", async () => {
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const { expiresAt } = await startSession({ dailyRoomProperties: { exp } });
    expect(Date.parse(expiresAt)).toBe(exp * 1_000);
    expect(theSignal().expiresAt).toBe(expiresAt);
  });

  test("gives the caller a token that is no owner's, and can be ejected by", async () => {
    const { token, room, expiresAt } = await startSession({ user: { id: "ada", name: "Ada" } });
    expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "JWT" });
    expect(await claimsOf(token)).toEqual({
      r: room.name,
      d: EMULATED_DAILY.domainId,
      ud: "ada",
      u: "Ada",
      ejt: true,
      p: { hp: true, cs: "a" },
      iat: expect.any(Number),
      exp: Date.parse(expiresAt) / 1_000,
    });
  });

  test("a caller without an id gets one of its own", async () => {
    const claims = await claimsOf((await startSession()).token);
    expect(claims.ud).toMatch(/^user-[0-9a-f]{8}$/);
    expect(claims).not.toHaveProperty("u");
    expect(claims).not.toHaveProperty("o");
  });

  test("sends the host a signed signal with all that the bot needs", async () => {
    const metadata = { persona: "a pirate", voice: "Kore" };
    const reply = await startSession({ user: { id: "ada", locale: "fr" }, metadata });
    const signal = theSignal();
    expect(signal).toMatchObject({
      sessionId: reply.sessionId,
      attempt: 1,
      room: reply.room,
      botName: "Chat-VRD",
      language: "fr-FR",
      voice: "Kore",
      user: { id: "ada" },
      metadata,
      expiresAt: reply.expiresAt,
      link: { url: `ws://edge.test/internal/sessions/${reply.sessionId}/bot` },
    });
    expect(await claimsOf(signal.token)).toEqual({
      r: reply.room.name,
      d: EMULATED_DAILY.domainId,
      ud: "bot-1",
      u: "Chat-VRD",
      ejt: true,
      o: true,
      iat: expect.any(Number),
      exp: Date.parse(reply.expiresAt) / 1_000,
    });
    const [call] = fakes.host;
    const verify = createRequestVerifier(publicKeys(DEV_SIGNING_KEY));
    const authorization = call?.headers.get("authorization") ?? undefined;
    await verify(authorization, { method: "POST", path: "/sessions", body: call?.text ?? "" });
  });

  test("never logs a token", async () => {
    const { token } = await startSession();
    const signal = theSignal();
    for (const secret of [token, signal.token, signal.link.token, EMULATED_DAILY.apiKey]) {
      expect(logs.text()).not.toContain(secret);
    }
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "session.accepted" }));
  });
});

describe("connect", () => {
  test("answers exactly room and token, and names the session in a header", async () => {
    const response = await post("/connect", { language: "de-AT" });
    expect(response.status).toBe(201);
    const body: object = await response.json();
    expect(Object.keys(body).sort()).toEqual(["room_url", "token"]);
    const sessionId = response.headers.get("x-session-id") ?? "";
    expect((await view(sessionId)).language).toBe("de-DE");
  });

  test("needs no body", async () => {
    expect((await post("/connect")).status).toBe(201);
  });
});

describe("a room that is already there", () => {
  const url = "http://daily.test/our-room";

  test("is used as it is: no call of Daily", async () => {
    const reply = await startSession({ createDailyRoom: false, roomUrl: url });
    expect(reply.room).toEqual({ url, name: "our-room" });
    expect(reply.room_url).toBe(url);
    expect(fakes.daily).toEqual([]);
    expect((await view(reply.sessionId)).timeline.room).toBeGreaterThanOrEqual(0);
  });

  test.each([
    "https://elsewhere.example.com/our-room",
    "http://daily.test.evil.example/our-room",
    "http://user@daily.test/our-room",
    "http://daily.test/our-room?t=token",
    "http://daily.test/a/b",
    "http://daily.test/",
    "http://127.0.0.1:8788/our-room",
  ])("is refused when it is not one of ours: %s", async (roomUrl) => {
    const response = await post("/api/rtvi/start", { createDailyRoom: false, roomUrl });
    expect(response.status).toBe(422);
    expect((await problemOf(response)).errors).toEqual([{ path: "roomUrl", message: expect.any(String) }]);
    expect(fakes.host).toEqual([]);
  });

  test("is never deleted; our participants are put out of it", async () => {
    const { sessionId } = await startSession({ createDailyRoom: false, roomUrl: url, user: { id: "ada" } });
    await post(`/api/rtvi/${sessionId}/stop`);
    await passTime(sessionId, 6_000);
    await vi.waitFor(() => expect(fakes.daily).toHaveLength(1));
    expect(fakes.daily[0]).toMatchObject({ method: "POST", path: "/v1/rooms/our-room/eject" });
    expect(JSON.parse(fakes.daily[0]?.text ?? "")).toEqual({ user_ids: ["bot-1", "ada"] });
  });
});

describe("a start that fails", () => {
  test.each([
    [401, { error: "authentication-error" }, "refused our API key"],
    [400, { error: "invalid-request-error" }, "refused the request"],
  ])("Daily answering %i is 502, and the bot is told to stop", async (status, body, words) => {
    fakes.dailyAnswers.push(refuse(status, body));
    const response = await post("/api/rtvi/start");
    expect(response.status).toBe(502);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "daily_failed", retryable: true });
    expect(problem.detail).toContain(words);
    const { sessionId } = theSignal();
    await vi.waitFor(() => expect(fakes.host.at(-1)?.path).toBe(`/sessions/${sessionId}?attempt=1`));
    expect(fakes.host.at(-1)?.method).toBe("DELETE");
    expect(await view(sessionId)).toMatchObject({ state: "failed", reason: "daily_failed" });
  });

  test("the order to stop is signed as well", async () => {
    fakes.dailyAnswers.push(refuse(401));
    await post("/api/rtvi/start");
    await vi.waitFor(() => expect(fakes.host).toHaveLength(2));
    const stop = fakes.host[1];
    const verify = createRequestVerifier(publicKeys(DEV_SIGNING_KEY));
    const authorization = stop?.headers.get("authorization") ?? undefined;
    await verify(authorization, { method: "DELETE", path: stop?.path ?? "", body: "" });
  });

  test("no host that takes it is 503 with Retry-After, and the room is deleted", async () => {
    fakes.hostAnswers.push(refuse(503));
    const response = await post("/api/rtvi/start");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await problemOf(response)).toMatchObject({ code: "no_capacity", retryable: true });
    await vi.waitFor(() => expect(fakes.daily).toHaveLength(2));
    const name = JSON.parse(fakes.daily[0]?.text ?? "{}").name;
    expect(fakes.daily[1]).toMatchObject({ method: "DELETE", path: `/v1/rooms/${name}` });
    expect(await view(theSignal().sessionId)).toMatchObject({ state: "failed", reason: "no_capacity" });
    // It said no, so there is nothing to stop.
    expect(fakes.host).toHaveLength(1);
  });

  test("a host that breaks is asked once more", async () => {
    fakes.hostAnswers.push(refuse(500));
    expect((await post("/api/rtvi/start")).status).toBe(201);
    expect(fakes.signals()).toHaveLength(2);
    expect(fakes.signals()[0]).toEqual(fakes.signals()[1]);
  });

  test("a host that breaks twice may have a bot, and is told to stop it", async () => {
    fakes.hostAnswers.push(refuse(500), refuse(500));
    expect((await post("/api/rtvi/start")).status).toBe(503);
    await vi.waitFor(() =>
      expect(fakes.host.map(({ method }) => method)).toEqual(["POST", "POST", "DELETE"]),
    );
  });
});

describe("view and stop", () => {
  test("a fresh session can be seen, without a token", async () => {
    const { sessionId, room, token, expiresAt } = await startSession();
    const response = await get(`/api/rtvi/${sessionId}`);
    const text = await response.text();
    for (const secret of [token, theSignal().token, theSignal().link.token])
      expect(text).not.toContain(secret);
    expect(SessionView.strict().parse(JSON.parse(text))).toEqual({
      sessionId,
      state: "starting",
      room,
      language: "en-US",
      createdAt: expect.any(String),
      expiresAt,
      bot: { hostId: "bots.test", attempt: 1 },
      timeline: { room: expect.any(Number), dispatched: expect.any(Number) },
      transcript: [],
      usage: { promptTokens: 0, responseTokens: 0, totalTokens: 0 },
    });
  });

  test("stop ends it, as often as you like", async () => {
    const { sessionId } = await startSession();
    const replies = [];
    for (let i = 0; i < 3; i++) {
      const response = await post(`/api/rtvi/${sessionId}/stop`);
      expect(response.status).toBe(200);
      replies.push(StopReply.strict().parse(await response.json()));
    }
    const expected = { sessionId, state: "completed", reason: "stopped" };
    expect(replies).toEqual([expected, expected, expected]);
    const ended = await view(sessionId);
    expect(ended).toMatchObject({ state: "completed", reason: "stopped", endedAt: expect.any(String) });
    expect(ended.timeline.ended).toBe(Date.parse(ended.endedAt ?? "") - Date.parse(ended.createdAt));
    await vi.waitFor(() => expect(fakes.host.filter(({ method }) => method === "DELETE")).toHaveLength(1));
  });

  test.each(["nonsense", NOBODY, NOBODY.toUpperCase(), "..%2f.."])("%s is 404 to both", async (id) => {
    const seen = await get(`/api/rtvi/${id}`);
    const stopped = await post(`/api/rtvi/${id}/stop`);
    expect([seen.status, stopped.status]).toEqual([404, 404]);
    expect(await problemOf(seen)).toMatchObject({ code: "session_not_found" });
  });
});
