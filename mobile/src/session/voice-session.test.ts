import { DeviceError } from "@pipecat-ai/client-js";
import { asFailure, FailureError } from "../connection/failure.ts";
import { WAIT_LIMITS_MS } from "../connection/waits.ts";
import { htmlResponse, jsonResponse, SAVED, SERVER_URL, STARTED, settle, World } from "../testing/world.ts";
import { AWAY_GRACE_MS } from "./listen.ts";

beforeEach(() => jest.useFakeTimers());

let worlds: World[] = [];
function world(...settings: ConstructorParameters<typeof World>): World {
  const made = new World(...settings);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const { app } of worlds) {
    const closing = app.close();
    await jest.advanceTimersByTimeAsync(120_000);
    await closing;
  }
  worlds = [];
  jest.useRealTimers();
});

describe("a conversation", () => {
  it("goes from the microphone to the assistant, and is kept before anybody joins", async () => {
    const it = world({ token: "secret" });
    const phases: string[] = [];
    it.app.store.subscribe(({ connection }, { connection: before }) => {
      if (connection !== before) phases.push(connection.phase);
      if (connection.phase === "connecting") expect(it.secrets.values.get("session")).toContain("session-1");
    });
    await it.goLive();
    expect(phases).toEqual(["permission", "starting", "connecting", "waiting", "live"]);
    expect(it.transport.joins).toEqual([{ room_url: STARTED.room_url, token: STARTED.token }]);
    const [start] = it.starts;
    expect(start?.url).toBe(`${SERVER_URL}/api/rtvi/start`);
    expect(start?.headers.get("authorization")).toBe("Bearer secret");
    expect(await start?.json()).toEqual({ user: { locale: "en-US" } });
    expect(it.cues).toEqual(["connected"]);
  });

  it("ends by the user: leaves, stops the session, and forgets it", async () => {
    const it = world();
    await it.goLive();
    it.app.session.hangUp();
    await settle();
    expect(it.connection).toMatchObject({ phase: "ended", end: { by: "user" } });
    expect(it.transport.left).toBe(1);
    expect(it.transport.call.listening).toBe(0);
    expect(it.stopped).toEqual(["session-1"]);
    expect(it.secrets.values.has("session")).toBe(false);
  });

  it("uses its client again", async () => {
    const it = world();
    await it.goLive();
    it.app.session.hangUp();
    await settle();
    await it.goLive();
    expect(it.transports).toHaveLength(1);
  });

  it("stops a session that is started after all when the user has given up", async () => {
    const it = world();
    let reply: (response: Response) => void = () => undefined;
    it.startReply = () => new Promise((resolve) => (reply = resolve));
    it.app.session.connect();
    await settle();
    expect(it.connection.phase).toBe("starting");
    it.app.session.hangUp();
    expect(it.connection.phase).toBe("idle");
    reply(jsonResponse(201, STARTED));
    await settle();
    expect(it.stopped).toEqual(["session-1"]);
    expect(it.transport.joins).toEqual([]);
  });
});

describe("what cannot begin", () => {
  it.each(["denied", "blocked"] as const)(
    "says that the microphone was %s, and starts nothing",
    async (reason) => {
      const it = world();
      it.permission = { granted: false, reason };
      it.app.session.connect();
      await settle();
      expect(it.connection).toEqual({
        phase: "failed",
        failure: { kind: "microphone", reason },
        resumable: false,
      });
      expect(it.starts).toEqual([]);
      expect(it.transports).toEqual([]);
    },
  );

  it.each([
    ["permissions", "blocked"],
    ["not-found", "not-found"],
    ["in-use", "already-in-use"],
  ] as const)("says what is wrong with the microphone: %s", async (type, reason) => {
    const it = world();
    it.prepare = (transport) => {
      transport.openDevices = async () => {
        transport.failDevice(new DeviceError(["mic"], type));
        throw new Error(type);
      };
    };
    it.app.session.connect();
    await settle();
    expect(it.connection).toMatchObject({ phase: "failed", failure: { kind: "microphone", reason } });
    expect(it.starts).toEqual([]);
  });

  it("says that Daily's code could not be loaded", async () => {
    const it = world();
    it.prepare = (transport) => {
      transport.openDevices = () => Promise.reject(new Error("no bundle"));
    };
    it.app.session.connect();
    await settle();
    expect(it.connection).toMatchObject({ phase: "failed", failure: { kind: "daily-unloadable" } });
  });

  it("says on a phone that an emulated Daily needs a browser", async () => {
    const it = world({}, { canEmulateDaily: false });
    it.config = async () => ({
      emulated: { daily: true, gemini: true },
      auth: "none",
      defaultLanguage: "en-US",
    });
    it.app.session.connect();
    await settle();
    expect(it.connection).toMatchObject({ phase: "failed", failure: { kind: "needs-browser" } });
    expect(it.transports).toEqual([]);
  });

  it.each([
    [
      async () => jsonResponse(401, { detail: "who are you?" }),
      { kind: "refused", status: 401, detail: "who are you?" },
    ],
    [async () => htmlResponse(), { kind: "unexpected-reply" }],
    [async () => Promise.reject(new TypeError("Network request failed")), { kind: "unreachable" }],
    [async () => jsonResponse(201, { sessionId: 1 }), { kind: "unexpected-reply" }],
  ])("tells why a start failed (%#)", async (reply, failure) => {
    const it = world();
    it.startReply = reply;
    it.app.session.connect();
    await settle();
    expect(it.connection).toMatchObject({ phase: "failed", failure });
    expect(it.transport.left).toBeGreaterThan(0);
  });
});

describe("time limits", () => {
  it("gives up on a question that nobody answers", async () => {
    const it = world();
    it.permission = new Promise(() => undefined);
    it.app.session.connect();
    await jest.advanceTimersByTimeAsync(WAIT_LIMITS_MS.device - 1);
    expect(it.connection.phase).toBe("permission");
    await jest.advanceTimersByTimeAsync(1);
    expect(it.connection).toMatchObject({
      phase: "failed",
      failure: { kind: "microphone", reason: "unanswered" },
    });
  });

  it("gives up on a start, a join and an assistant", async () => {
    const slowStart = world();
    slowStart.startReply = () => new Promise(() => undefined);
    slowStart.app.session.connect();
    await jest.advanceTimersByTimeAsync(WAIT_LIMITS_MS.session);
    expect(slowStart.connection).toMatchObject({ phase: "failed", failure: { kind: "start-timeout" } });

    const slowJoin = world();
    slowJoin.prepare = (transport) => (transport.joining = "hangs");
    slowJoin.app.session.connect();
    await jest.advanceTimersByTimeAsync(WAIT_LIMITS_MS.join);
    expect(slowJoin.connection).toMatchObject({
      phase: "failed",
      failure: { kind: "join-timeout" },
      resumable: true,
    });

    const noBot = world();
    noBot.prepare = (transport) => (transport.botAnswers = false);
    noBot.app.session.connect();
    await settle();
    expect(noBot.connection.phase).toBe("waiting");
    await jest.advanceTimersByTimeAsync(WAIT_LIMITS_MS.assistant);
    expect(noBot.connection).toMatchObject({ phase: "failed", failure: { kind: "ready-timeout" } });
    expect(noBot.stopped).toEqual(["session-1"]);
  });
});

describe("a network that goes away", () => {
  it("is shown, and over when Daily has mended it", async () => {
    const it = world();
    await it.goLive();
    it.transport.network("interrupted");
    expect(it.connection).toMatchObject({ phase: "reconnecting", by: "daily" });
    it.transport.network("connected");
    expect(it.connection.phase).toBe("live");
    expect(it.transports).toHaveLength(1);
  });

  it("is answered by joining anew with a new client, and the conversation goes on", async () => {
    const it = world();
    await it.goLive();
    const [broken] = it.transports;
    broken?.botSays("user-transcription", { text: "Remember me", final: true });
    broken?.break("connection-error");
    await settle();
    expect(it.connection.phase).toBe("live");
    expect(it.transports).toHaveLength(2);
    expect(it.transport.joins).toEqual([{ room_url: STARTED.room_url, token: STARTED.token }]);
    expect(broken?.call.listening).toBe(0);
    expect(it.app.store.getState().transcript.lines).toHaveLength(1);
    expect(it.starts).toHaveLength(1);
  });

  it("is tried again until it works, and only while the app is on the screen", async () => {
    const it = world();
    await it.goLive();
    let tries = 0;
    it.prepare = (transport) => {
      tries += 1;
      transport.joining = tries < 3 ? "fails" : "works";
    };
    it.setActive(false);
    it.transport.break("connection-error");
    await jest.advanceTimersByTimeAsync(5_000);
    expect(tries).toBe(0);
    it.setActive(true);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(tries).toBe(3);
    expect(it.connection.phase).toBe("live");
  });

  it("ends as a failure that can be resumed, and the session is not stopped", async () => {
    const it = world();
    await it.goLive();
    it.record = () => Promise.reject(new FailureError({ kind: "unreachable" }));
    it.transport.network("interrupted");
    await jest.advanceTimersByTimeAsync(WAIT_LIMITS_MS.network);
    expect(it.connection).toMatchObject({ phase: "reconnecting", by: "us" });
    await jest.advanceTimersByTimeAsync(WAIT_LIMITS_MS.rejoin);
    expect(it.connection).toMatchObject({ phase: "failed", failure: { kind: "network" }, resumable: true });
    expect(it.stopped).toEqual([]);
    expect(it.app.store.getState().resumable).toEqual(SAVED);
    expect(it.secrets.values.has("session")).toBe(true);
  });

  it("ends with the session's own reason when that is over meanwhile", async () => {
    const it = world();
    await it.goLive();
    it.record = async () => ({ state: "completed", reason: "client_left", expiresAt: "", transcript: [] });
    it.transport.break("connection-error");
    await settle();
    expect(it.connection).toMatchObject({ phase: "ended", end: { by: "service", reason: "client_left" } });
  });
});

describe("an assistant that goes away", () => {
  it("is replaced by another, which is told that we are ready", async () => {
    const it = world({ pushToTalk: true });
    await it.goLive();
    expect(it.transport.messages("client-message")).toHaveLength(1);
    it.transport.botLeaves("bot-1");
    expect(it.connection).toMatchObject({ phase: "recovering", assistant: "left" });
    await jest.advanceTimersByTimeAsync(3_000);
    expect(it.connection.phase).toBe("recovering");
    it.transport.botJoins("bot-2");
    expect(it.connection.phase).toBe("live");
    expect(it.transport.messages("client-ready")).toHaveLength(2);
    // It has to learn of the button as well.
    expect(it.transport.messages("client-message")).toHaveLength(2);
    expect(it.transports).toHaveLength(1);
  });

  it("is not missed when the next one came before it left", async () => {
    const it = world();
    await it.goLive();
    it.transport.botJoins("bot-2");
    it.transport.botLeaves("bot-1");
    expect(it.connection.phase).toBe("live");
  });

  it("has ended the session, as the record says", async () => {
    const it = world();
    await it.goLive();
    it.record = async () => ({ state: "completed", reason: "idle", expiresAt: "", transcript: [] });
    it.transport.botLeaves("bot-1");
    await settle();
    expect(it.connection).toMatchObject({ phase: "ended", end: { by: "service", reason: "idle" } });
    expect(it.stopped).toEqual([]);
  });

  it("is waited for as long as the limit says", async () => {
    const it = world();
    await it.goLive();
    it.transport.botLeaves("bot-1");
    await jest.advanceTimersByTimeAsync(WAIT_LIMITS_MS["next-assistant"]);
    expect(it.connection).toMatchObject({ phase: "failed", failure: { kind: "assistant-lost" } });
    await settle();
    expect(it.stopped).toEqual(["session-1"]);
  });

  it("says itself that its model is away, and back without its memory", async () => {
    const it = world();
    await it.goLive();
    it.transport.botSays("server-message", { t: "assistant-status", d: { status: "away" } });
    expect(it.connection.phase).toBe("live");
    await jest.advanceTimersByTimeAsync(AWAY_GRACE_MS);
    expect(it.connection).toMatchObject({ phase: "recovering", assistant: "away" });
    it.transport.botSays("server-message", { t: "assistant-status", d: { status: "back", memory: "lost" } });
    expect(it.connection.phase).toBe("live");
    expect(it.app.store.getState().notices).toEqual([{ kind: "memory-lost" }]);
  });

  it("is not missed when its model is back at once", async () => {
    const it = world();
    await it.goLive();
    it.transport.botSays("server-message", { t: "assistant-status", d: { status: "away" } });
    await jest.advanceTimersByTimeAsync(AWAY_GRACE_MS - 1);
    it.transport.botSays("server-message", { t: "assistant-status", d: { status: "back", memory: "kept" } });
    await jest.advanceTimersByTimeAsync(AWAY_GRACE_MS);
    expect(it.connection.phase).toBe("live");
    expect(it.app.store.getState().notices).toEqual([]);
  });

  it("fails the call with its own sentence", async () => {
    const it = world();
    await it.goLive();
    it.transport.botSays("error", { error: "no quota", message: "no quota", fatal: true });
    await settle();
    expect(it.connection).toMatchObject({
      phase: "failed",
      failure: { kind: "assistant", detail: "no quota" },
    });
  });

  it("is ended from elsewhere: the reason is read after the call", async () => {
    const it = world();
    await it.goLive();
    let reads = 0;
    it.record = async () => {
      reads += 1;
      return reads < 3
        ? { state: "active", expiresAt: "", transcript: [] }
        : { state: "completed", reason: "expired", expiresAt: "", transcript: [] };
    };
    it.transport.break("exp-room");
    expect(it.connection).toMatchObject({ phase: "ended", end: { by: "service" } });
    await jest.advanceTimersByTimeAsync(5_000);
    expect(it.connection).toMatchObject({ phase: "ended", end: { by: "service", reason: "expired" } });
    expect(it.stopped).toEqual([]);
  });
});

describe("taking up a call again", () => {
  it("shows what was said, joins the same room, and starts nothing", async () => {
    const it = world();
    it.record = async () => ({
      state: "active",
      expiresAt: STARTED.expiresAt,
      transcript: [{ seq: 0, role: "assistant", text: "Where were we?" }],
    });
    it.app.session.resume(SAVED);
    await settle();
    expect(it.connection).toEqual({ phase: "live", sessionId: "session-1" });
    expect(it.starts).toEqual([]);
    expect(it.app.store.getState().transcript.lines).toHaveLength(1);
  });

  it("does not open the microphone for a session that is over", async () => {
    const it = world();
    it.record = async () => ({ state: "completed", reason: "client_left", expiresAt: "", transcript: [] });
    it.app.session.resume(SAVED);
    await settle();
    expect(it.connection).toMatchObject({ phase: "ended", end: { reason: "client_left" } });
    expect(it.transports).toEqual([]);
  });

  it("keeps the session when the microphone is refused, or when the user gives up", async () => {
    const it = world();
    it.permission = { granted: false, reason: "denied" };
    it.app.session.resume(SAVED);
    await settle();
    expect(it.connection).toMatchObject({ phase: "failed", resumable: true });
    expect(it.app.store.getState().resumable).toEqual(SAVED);
    it.permission = new Promise(() => undefined);
    it.app.session.resume(SAVED);
    await settle();
    it.app.session.hangUp();
    await settle();
    expect(it.connection.phase).toBe("idle");
    expect(it.app.store.getState().resumable).toEqual(SAVED);
    expect(it.stopped).toEqual([]);
  });

  it("does not hand the token of one service to another", async () => {
    const it = world({ token: "secret" });
    it.app.session.resume({ ...SAVED, serverUrl: "https://other.example.com" });
    await settle();
    expect(it.servers.every(({ token }) => token === "")).toBe(true);
  });
});

describe("the button", () => {
  it("is told to the bot, with each press", async () => {
    const it = world();
    await it.goLive();
    it.app.session.controls.talk({ type: "mode", mode: "push" });
    await settle();
    it.app.session.controls.talk({ type: "press", atMs: 0 });
    it.app.session.controls.talk({ type: "release", atMs: 1_000 });
    expect(it.transport.messages("client-message")).toEqual([
      { t: "push-to-talk", d: { active: true } },
      { t: "talk", d: { pressed: true } },
      { t: "talk", d: { pressed: false } },
    ]);
  });

  it("is given up where the bot does not know it", async () => {
    const it = world();
    await it.goLive();
    it.transport.knowsPushToTalk = false;
    it.app.session.controls.talk({ type: "mode", mode: "push" });
    await settle();
    expect(it.app.store.getState().talk).toEqual({ mode: "open" });
  });

  it("mutes apart from that", async () => {
    const it = world();
    await it.goLive();
    it.app.session.controls.setMuted(true);
    expect(it.transport.micEnabled).toBe(false);
    it.app.session.hangUp();
    await settle();
    expect(it.app.store.getState().muted).toBe(false);
  });
});

it("passes levels on outside of the state", async () => {
  const it = world();
  await it.goLive();
  const seen: [string, number][] = [];
  it.app.levels.subscribe((side, level) => seen.push([side, level]));
  const before = it.app.store.getState();
  it.transport.levels(0.25, 0.04);
  expect(seen).toEqual([
    ["user", 0.5],
    ["assistant", 0.2],
  ]);
  expect(it.app.store.getState()).toBe(before);
});

it("hears nothing more of a call that is over", async () => {
  const it = world();
  await it.goLive();
  it.app.session.hangUp();
  await settle();
  const before = it.app.store.getState();
  it.transport.botSays("user-transcription", { text: "too late", final: true });
  it.transport.break("connection-error");
  await settle();
  expect(it.app.store.getState().connection).toBe(before.connection);
  expect(it.app.store.getState().transcript).toBe(before.transcript);
});

it("keeps neither tokens nor words in its log", async () => {
  const it = world({ token: "secret-token" });
  await it.goLive();
  it.transport.botSays("user-transcription", { text: "my password", final: true });
  it.transport.botSays("user-transcription", { wrong: "my password" });
  const log = JSON.stringify(it.app.store.getState().log);
  expect(log).toContain("live");
  expect(log).not.toMatch(/secret-token|room-token|password|daily\.co/);
});

it("takes whatever is thrown for a failure", () => {
  expect(asFailure("text")).toEqual({ kind: "unknown", detail: "text" });
});
