import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { EMULATED_DAILY } from "../protocol/development.ts";
import { ConnectReply, SessionView, StartReply, StopReply } from "../protocol/session.ts";
import { clientOf } from "./testing/callers.ts";
import { useCapturedLogs } from "./testing/captured-logs.ts";
import { get, post, problemOf, startSession, viewOf as view } from "./testing/edge-client.ts";
import { useFakeUpstreams } from "./testing/fake-upstreams.ts";
import { watch } from "./testing/watcher.ts";

/** Field by field what clients are promised. What a field may hold, and what is refused, is tested where it is read. */

const fakes = useFakeUpstreams();
useCapturedLogs();

function theSignal() {
  const [signal, ...others] = fakes.signals();
  if (!signal || others.length > 0) throw new Error(`the host was signalled ${fakes.signals().length} times`);
  return signal;
}

/** What Daily was asked to make. */
function theRoom(): { name: string; privacy: string; properties: Record<string, unknown> } {
  const [call] = fakes.daily;
  expect(`${call?.method} ${call?.path}`).toBe("POST /v1/rooms");
  return JSON.parse(call?.text ?? "");
}

async function refused(body: unknown): Promise<{ path: string; message: string }[]> {
  const response = await post("/api/rtvi/start", body);
  expect(response.status).toBe(422);
  expect([fakes.daily.length, fakes.host.length]).toEqual([0, 0]);
  return (await problemOf(response)).errors ?? [];
}

const inAMinute = () => Math.floor(Date.now() / 1_000) + 60;

describe("request of a start", () => {
  test("createDailyRoom: true makes a room", async () => {
    const { room } = await startSession({ createDailyRoom: true });
    expect(theRoom()).toMatchObject({ name: room.name, privacy: "private" });
  });

  test("createDailyRoom: absent is true", async () => {
    const { room } = await startSession({});
    expect(theRoom().name).toBe(room.name);
  });

  test("createDailyRoom: false takes the sample room, and makes none", async () => {
    // The object reads the settings of the configuration, which have no sample room: the Worker's word is enough.
    const settings = { DAILY_SAMPLE_ROOM_URL: "http://daily.test/sample" };
    const response = await clientOf(settings).start({ body: { createDailyRoom: false } });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      room: { url: "http://daily.test/sample", name: "sample" },
      room_url: "http://daily.test/sample",
    });
    expect(fakes.daily).toEqual([]);
  });

  test("createDailyRoom: false without a sample room and without roomUrl is refused", async () => {
    expect(await refused({ createDailyRoom: false })).toEqual([
      { path: "roomUrl", message: expect.any(String) },
    ]);
  });

  test.each([true, false, undefined])(
    "roomUrl is used as it is, with createDailyRoom: %s",
    async (create) => {
      const roomUrl = `http://daily.test/ours-${create}`;
      const { room } = await startSession({ createDailyRoom: create, roomUrl });
      expect(room).toEqual({ url: roomUrl, name: `ours-${create}` });
      expect(theSignal().room).toEqual(room);
      expect(fakes.daily).toEqual([]);
    },
  );

  test("dailyRoomProperties are passed to Daily", async () => {
    const exp = inAMinute();
    const { expiresAt } = await startSession({
      dailyRoomProperties: { exp, max_participants: 2, start_audio_off: true },
    });
    expect(theRoom().properties).toMatchObject({ exp, max_participants: 2, start_audio_off: true });
    expect(Date.parse(expiresAt)).toBe(exp * 1_000);
  });

  test("user.id is the caller's user_id in the room, and known to the bot", async () => {
    const { token } = await startSession({ user: { id: "ada" } });
    expect(decodeJwt(token)).toMatchObject({ ud: "ada" });
    expect(theSignal().user.id).toBe("ada");
  });

  test("user.name is the caller's name in the room, and known to the bot", async () => {
    const { token } = await startSession({ user: { name: "Ada" } });
    expect(decodeJwt(token)).toMatchObject({ u: "Ada" });
    expect(theSignal().user.name).toBe("Ada");
  });

  test.each([
    ["it-IT", "it-IT"],
    ["de", "de-DE"],
    ["fr-CA", "fr-FR"],
  ])("user.locale %s makes the bot speak %s", async (locale, language) => {
    const { sessionId } = await startSession({ user: { locale } });
    expect(theSignal().language).toBe(language);
    expect((await view(sessionId)).language).toBe(language);
  });

  test("metadata is passed to the bot as it is", async () => {
    const metadata = { persona: "a pirate", nested: { list: [1, "two", null] } };
    await startSession({ metadata });
    expect(theSignal().metadata).toEqual(metadata);
  });

  test("metadata.voice is the bot's voice", async () => {
    await startSession({ metadata: { voice: "Kore" } });
    expect(theSignal().voice).toBe("Kore");
  });
});

describe("what apps for Pipecat send", () => {
  test("the official example's request is enough", async () => {
    const response = await post("/start", { createDailyRoom: true, transport: "daily" });
    expect(response.status).toBe(201);
    expect(theSignal().metadata).toEqual({});
  });

  test("no body at all, though its type is JSON, is enough", async () => {
    const response = await post("/start", undefined, { "content-type": "application/json" });
    expect(response.status).toBe(201);
  });

  test("body is metadata", async () => {
    await startSession({ body: { persona: "a pirate", voice: "Kore" } });
    expect(theSignal()).toMatchObject({ metadata: { persona: "a pirate", voice: "Kore" }, voice: "Kore" });
  });

  test("body gives way to metadata, field by field", async () => {
    await startSession({ body: { a: 1, b: { c: 1 } }, metadata: { b: { d: 2 }, e: 3 } });
    expect(theSignal().metadata).toEqual({ a: 1, b: { d: 2 }, e: 3 });
  });

  test("body may be null, as some clients write what is absent", async () => {
    await startSession({ body: null, metadata: { a: 1 } });
    expect(theSignal().metadata).toEqual({ a: 1 });
  });

  test.each([
    ["a text", "a pirate", "body"],
    ["a list", [1], "body"],
    ["too large", { text: "x".repeat(17_000) }, "body"],
  ])("body that is %s is refused", async (_, body, path) => {
    expect(await refused({ body })).toEqual([{ path, message: expect.any(String) }]);
  });

  test("body and metadata that are too large together are refused", async () => {
    const text = "x".repeat(9_000);
    const [error] = await refused({ body: { a: text }, metadata: { b: text } });
    expect(error).toMatchObject({ path: "body", message: expect.stringContaining("with metadata") });
  });

  test.each(["webrtc", "livekit", "websocket", "", null, 1])("transport %j is refused", async (transport) => {
    const [error] = await refused({ transport });
    expect(error).toMatchObject({ path: "transport", message: expect.stringContaining('"daily"') });
  });

  test("fields that other transports need are ignored", async () => {
    const { sessionId } = await startSession({ enableDefaultIceServers: true, warm: 1, sessionId: "mine" });
    expect(sessionId).not.toBe("mine");
  });

  test("dailyMeetingTokenProperties shape the caller's token", async () => {
    const exp = inAMinute();
    const { token } = await startSession({
      dailyMeetingTokenProperties: {
        user_id: "ada",
        user_name: "Ada",
        exp,
        start_video_off: false,
        start_audio_off: true,
        permissions: { hasPresence: true, canSend: ["audio", "video"] },
        is_owner: false,
        eject_at_token_exp: true,
      },
    });
    expect(decodeJwt(token)).toEqual({
      r: expect.any(String),
      d: EMULATED_DAILY.domainId,
      ud: "ada",
      u: "Ada",
      ejt: true,
      p: { hp: true, cs: "v,a" },
      vo: false,
      ao: true,
      iat: expect.any(Number),
      exp,
    });
    expect(theSignal().user).toEqual({ id: "ada", name: "Ada" });
  });

  test("dailyMeetingTokenProperties never touch the bot's token", async () => {
    await startSession({ dailyMeetingTokenProperties: { exp: inAMinute(), start_audio_off: true } });
    const { token, expiresAt } = theSignal();
    expect(decodeJwt(token)).toMatchObject({ o: true, ud: "bot-1", exp: Date.parse(expiresAt) / 1_000 });
    expect(decodeJwt(token)).not.toHaveProperty("ao");
  });

  test("dailyMeetingTokenProperties give way to user", async () => {
    const { token } = await startSession({
      user: { id: "ada", name: "Ada" },
      dailyMeetingTokenProperties: { user_id: "bob", user_name: "Bob" },
    });
    expect(decodeJwt(token)).toMatchObject({ ud: "ada", u: "Ada" });
  });

  test("dailyMeetingTokenProperties.exp shortens the token and never lengthens it", async () => {
    const { token, expiresAt } = await startSession({
      dailyMeetingTokenProperties: { exp: inAMinute() + 86_400 },
    });
    expect(decodeJwt(token).exp).toBe(Date.parse(expiresAt) / 1_000);
  });

  test.each([
    ["is_owner", { is_owner: true }, "is_owner"],
    ["another room", { room_name: "another" }, ""],
    ["a way to stay", { eject_at_token_exp: false }, "eject_at_token_exp"],
    ["a recording", { enable_recording: "cloud" }, ""],
    ["to be an admin", { permissions: { canAdmin: true } }, "permissions"],
    ["to be hidden", { permissions: { hasPresence: false } }, "permissions.hasPresence"],
    ["to share the screen", { permissions: { canSend: ["audio", "screenVideo"] } }, "permissions.canSend.1"],
    ["to be mute", { permissions: { canSend: ["video"] } }, "permissions.canSend"],
    ["to send everything", { permissions: { canSend: true } }, "permissions.canSend"],
    ["to be a bot", { user_id: "bot-1" }, "user_id"],
    ["the past", { exp: 1_000 }, "exp"],
    ["no time", { exp: "soon" }, "exp"],
  ])("dailyMeetingTokenProperties that ask for %s are refused", async (_, asked, path) => {
    const errors = await refused({ dailyMeetingTokenProperties: asked });
    expect(errors.map((error) => error.path)).toEqual([
      path === "" ? "dailyMeetingTokenProperties" : `dailyMeetingTokenProperties.${path}`,
    ]);
  });
});

describe("reply of a start", () => {
  test("sessionId names the session", async () => {
    const { sessionId } = await startSession();
    expect((await view(sessionId)).sessionId).toBe(sessionId);
  });

  test("room.url and room.name are the room's", async () => {
    const { room } = await startSession();
    expect(room).toEqual({ url: `http://daily.test/${theRoom().name}`, name: theRoom().name });
  });

  test("token opens that room to the caller, who may send audio and nothing else", async () => {
    const { token, room } = await startSession();
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ r: room.name, p: { hp: true, cs: "a" }, ejt: true });
    expect(claims).not.toHaveProperty("o");
    expect(token).not.toBe(theSignal().token);
  });

  test("expiresAt is when the session must be over, in ISO 8601", async () => {
    const { sessionId, expiresAt, token } = await startSession();
    expect(expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await view(sessionId)).expiresAt).toBe(expiresAt);
    expect(decodeJwt(token).exp).toBe(Date.parse(expiresAt) / 1_000);
  });

  test("rtvi.startEndpoint starts sessions", async () => {
    const { rtvi } = await startSession();
    expect(rtvi.startEndpoint).toBe("http://edge.test/api/rtvi/start");
    expect((await post(new URL(rtvi.startEndpoint).pathname)).status).toBe(201);
  });

  test("rtvi.wsEndpoint tells the session's events", async () => {
    const { rtvi } = await startSession();
    const [first] = await (await watch(rtvi.wsEndpoint)).until(1);
    expect(first?.seq).toBe(1);
  });

  test("room_url is the room's address once more, where the official clients look for it", async () => {
    const { room_url, room } = await startSession();
    expect(room_url).toBe(room.url);
  });

  test("there is nothing else", async () => {
    expect(StartReply.strict().safeParse(await startSession()).success).toBe(true);
  });
});

describe("connect", () => {
  test("language is what the bot speaks", async () => {
    expect((await post("/connect", { language: "es-ES" })).status).toBe(201);
    expect(theSignal().language).toBe("es-ES");
  });

  test("language is optional", async () => {
    expect((await post("/connect", {})).status).toBe(201);
    expect(theSignal().language).toBe("en-US");
  });

  test("the reply is room_url and the caller's token", async () => {
    const reply = ConnectReply.strict().parse(await (await post("/connect")).json());
    expect(reply.room_url).toBe(theSignal().room.url);
    expect(decodeJwt(reply.token)).not.toHaveProperty("o");
  });
});

describe("a session", () => {
  test("GET /api/rtvi/{id} tells its state", async () => {
    const { sessionId } = await startSession();
    const seen = SessionView.strict().parse(await (await get(`/api/rtvi/${sessionId}`)).json());
    expect(seen.state).toBe("starting");
  });

  test("POST /api/rtvi/{id}/stop ends it, and is safe to call again", async () => {
    const { sessionId } = await startSession();
    for (let times = 0; times < 2; times++) {
      const response = await post(`/api/rtvi/${sessionId}/stop`);
      expect(response.status).toBe(200);
      expect(StopReply.strict().parse(await response.json())).toEqual({
        sessionId,
        state: "completed",
        reason: "stopped",
      });
    }
  });
});

test("GET /health tells that the service is there, and of its keys", async () => {
  const response = await get("/health");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: "ok",
    checks: { daily: "not_configured", gemini: "not_configured", botHosts: "ok" },
  });
});
