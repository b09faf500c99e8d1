import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bot } from "./bot.ts";
import { BOT_LIMITS } from "./bot-limits.ts";
import type { RoomEnd } from "./room/room.ts";
import { FakeLive } from "./testing/fake-live.ts";
import { CLIENT, FakeRoomHost } from "./testing/fake-room.ts";
import {
  clientReady,
  expectNothingLeft,
  inCall,
  type Run,
  type Setting,
  sayer,
  settle,
  start,
} from "./testing/run-bot.ts";
import { frames, silence, voice } from "./testing/sounds.ts";
import { startSignal } from "./testing/start-signal.ts";

const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Bot, joining", () => {
  it("leaves nothing open when it cannot even begin", () => {
    const opened: string[] = [];
    const make = () =>
      new Bot(startSignal(), {
        roomHost: new FakeRoomHost(),
        liveConnect: new FakeLive().connect,
        openLink: () => {
          throw new TypeError("Invalid URL");
        },
        openVoiceDetector: () => {
          opened.push("detector");
          return { audio() {}, pause() {}, close: () => opened.pop() };
        },
        model: "gemini-3.8-live",
        defaultVoice: undefined,
        limits: BOT_LIMITS,
        log: () => {},
      });
    expect(make).toThrow("Invalid URL");
    expect(opened).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("prepares at once, joins when told that the room is there, and reports it", async () => {
    const { roomHost, link, live } = start();
    await settle(100);
    expect(roomHost.room.methods).toEqual([]);
    expect(roomHost.room.options).toEqual({
      sessionId: "session-1",
      url: "https://example.daily.co/room-1",
      token: "meeting-token",
      userName: "Assistant",
    });
    expect(live.connection.setup).toMatchObject({
      model: "gemini-3.8-live",
      language: "en-US",
      voice: "Puck",
    });
    link.events.roomReady();
    await settle();
    expect(roomHost.room.methods).toEqual(["join"]);
    expect(link.reports).toEqual([{ kind: "mark", mark: "botJoined", at: NOW + 100 }]);
  });

  it("joins blindly after 1.5 s", async () => {
    const { roomHost } = start();
    await settle(1_499);
    expect(roomHost.room.methods).toEqual([]);
    await settle(1);
    expect(roomHost.room.methods).toEqual(["join"]);
  });

  it("tries again with a new room when it was not there yet", async () => {
    const { roomHost, link, ended } = start({ joins: [{ fails: "no-room" }, { fails: "no-room" }, "ok"] });
    await settle(1_500 + 1_000 + 2_000);
    expect(roomHost.rooms).toHaveLength(3);
    expect(link.marks).toEqual(["botJoined"]);
    expect(ended()).toBeUndefined();
    clientReady(roomHost);
    expect(roomHost.room.messageTypes).toEqual(["bot-ready", "metrics"]);
  });

  it("does not take the late end of a room whose join failed for the end of the call", async () => {
    const run = start({ joins: [{ fails: "no-room" }] });
    await settle(1_500);
    const [failed] = run.roomHost.rooms;
    failed?.events.ended({ kind: "failed", detail: "no-room" });
    await settle(1_000);
    failed?.events.ended({ kind: "failed", detail: "no-room" });
    expect(run.ended()).toBeUndefined();
    expect(run.link.marks).toEqual(["botJoined"]);
  });

  it("fails when the room never comes, within 10 s", async () => {
    const run = start({ joins: Array.from({ length: 9 }, () => ({ fails: "no-room" })) });
    await settle(10_000);
    expect(run.ended()).toBe("daily_failed");
    expect(run.roomHost.rooms).toHaveLength(4);
    expectNothingLeft(run);
  });

  it("ends when nobody joins for 90 s", async () => {
    const run = start();
    await settle(89_999);
    expect(run.ended()).toBeUndefined();
    await settle(1);
    expect(run.ended()).toBe("never_joined");
    expectNothingLeft(run);
  });

  it("does not take an earlier bot for a client", async () => {
    const run = start();
    run.link.events.roomReady();
    await settle();
    run.roomHost.room.events.participantJoined({ id: "p", userId: "bot-1", userName: "Assistant" });
    await settle(90_000);
    expect(run.ended()).toBe("never_joined");
    expect(run.link.marks).toEqual(["botJoined"]);
  });

  it("comes back when the room is lost in the moment of joining", async () => {
    const run = start();
    await settle();
    const { room } = run.roomHost;
    room.join = async () => room.events.ended({ kind: "lost", detail: "page crashed" });
    run.link.events.roomReady();
    await settle();
    expect(run.ended()).toBeUndefined();
    expect(run.roomHost.rooms).toHaveLength(2);
    expect(run.roomHost.room.methods).toEqual(["join"]);
    run.bot.stop("stopped");
    await settle();
    expectNothingLeft(run);
  });
});

describe("Bot, greeting", () => {
  async function alone(setting: Setting = {}) {
    const run = start(setting);
    run.link.events.roomReady();
    await settle();
    const { room } = run.roomHost;
    return { ...run, room };
  }

  function greet({ live: { connection } }: ReturnType<typeof start>): void {
    connection.sayAudio(1_000);
    connection.say({ outputTranscription: { text: "Hello, Ada." }, generationComplete: true });
    connection.events.message({
      serverContent: { turnComplete: true },
      usageMetadata: { promptTokenCount: 5, responseTokenCount: 5, totalTokenCount: 10 },
    });
  }

  it("has the greeting ready before the client is, and lets nobody hear of it", async () => {
    const run = await alone();
    expect(run.live.connection.texts).toEqual([expect.stringContaining("Greet")]);
    greet(run);
    run.room.events.participantJoined(CLIENT);
    expect(run.room.methods).toEqual(["join"]);
    expect(run.room.messages).toEqual([]);
    clientReady(run.roomHost);
    expect(run.room.methods).toEqual(["join", "play"]);
    expect(run.room.messageTypes.slice(0, 3)).toEqual(["bot-ready", "metrics", "bot-llm-started"]);
    expect(run.events.map(({ event }) => event)).not.toContain("room.message_lost");
    clientReady(run.roomHost);
    await settle(100);
    expect(run.room.methods).toEqual(["join", "play"]);
    expect(run.live.connection.texts).toHaveLength(1);
  });

  it("says nothing of its own accord where that is not wanted, and listens from the first moment", async () => {
    const run = await alone({ signal: { metadata: { greet: false } } });
    run.room.events.participantJoined(CLIENT);
    for (const pcm of frames(400, silence)) run.room.events.audio(pcm);
    clientReady(run.roomHost);
    await settle(9_000);
    expect(run.live.connection.texts).toEqual([]);
    expect(run.live.connection.audio).toHaveLength(20);
  });

  it("does not let the sounds before client-ready interrupt it", async () => {
    const run = await alone();
    run.room.events.participantJoined(CLIENT);
    for (const pcm of frames(1_000, voice(0.3))) run.room.events.audio(pcm);
    expect(run.live.connection.audio).toEqual([]);
    clientReady(run.roomHost);
    for (const pcm of frames(400, silence)) run.room.events.audio(pcm);
    expect(run.live.connection.audio.length).toBeGreaterThan(0);
  });

  it("lets the user interrupt a greeting that the model believes to be over", async () => {
    const run = await alone();
    greet(run);
    await settle(5_000);
    run.room.events.participantJoined(CLIENT);
    clientReady(run.roomHost);
    run.room.events.playout({ kind: "started", generation: 1 });
    for (const pcm of [...frames(400, silence), ...frames(600, voice(0.3))]) run.room.events.audio(pcm);
    expect(run.room.methods).toContain("flush");
    run.room.events.playout({ kind: "flushed", generation: 1, playedMs: 600 });
    expect(run.link.transcript).toMatchObject([{ text: "Hello,", interrupted: true }]);
  });

  it("gives a client that does not say client-ready another cue, and then talks with it all the same", async () => {
    const run = await alone();
    greet(run);
    run.room.events.participantJoined(CLIENT);
    await settle(4_999);
    expect(run.room.methods).toEqual(["join"]);
    await settle(1);
    expect(run.room.methods).toEqual(["join", "republish"]);
    await settle(5_000);
    expect(run.room.methods).toEqual(["join", "republish", "play"]);
    clientReady(run.roomHost);
    expect(run.room.messageTypes.slice(-2)).toEqual(["bot-ready", "metrics"]);
    expect(run.room.methods).toEqual(["join", "republish", "play"]);
  });

  it("counts the tokens of a greeting that nobody heard", async () => {
    const run = await alone();
    greet(run);
    await settle(90_000);
    expect(run.ended()).toBe("never_joined");
    expect(run.link.reports).toContainEqual({
      kind: "usage",
      usage: { promptTokens: 5, responseTokens: 5, totalTokens: 10 },
    });
    expect(run.link.transcript).toEqual([]);
  });
});

describe("Bot, in the call", () => {
  it("answers a client that was ready before the join was confirmed, once it is", async () => {
    const run = start();
    await settle();
    const { room } = run.roomHost;
    const confirmed = Promise.withResolvers<void>();
    room.join = async () => {
      await confirmed.promise;
      room.inCall = true;
    };
    run.link.events.roomReady();
    await settle();
    room.events.participantJoined(CLIENT);
    clientReady(run.roomHost);
    confirmed.resolve();
    await settle();
    expect(room.messageTypes).toEqual(["bot-ready", "metrics"]);
    expect(run.link.marks).toEqual(["clientJoined", "botJoined", "clientReady"]);
    expect(run.events.map(({ event }) => event)).not.toContain("room.message_lost");
    room.events.participantLeft(CLIENT);
    await settle(44_999);
    expect(run.ended()).toBeUndefined();
    await settle(1);
    expect(run.ended()).toBe("client_left");
  });

  it("keeps a bounded number of messages for the join", async () => {
    const run = start({ joins: ["hang"] });
    run.link.events.roomReady();
    await settle();
    for (let i = 0; i < 40; i += 1) clientReady(run.roomHost);
    const lost = run.events.filter(({ event }) => event === "room.message_lost");
    expect(lost).toHaveLength(8);
  });

  it("answers client-ready, asks for a greeting, and reports the marks once each", async () => {
    const { room, connection, link, roomHost } = await inCall();
    clientReady(roomHost);
    expect(room.messageTypes).toEqual(["bot-ready", "metrics", "bot-ready"]);
    expect(connection.texts).toEqual([expect.stringContaining("Greet")]);
    expect(link.marks).toEqual(["botJoined", "clientJoined", "clientReady"]);
  });

  it("plays the answer, tells the client, and keeps the transcript", async () => {
    const { room, connection, link } = await inCall();
    connection.sayAudio(200);
    room.events.playout({ kind: "started", generation: 1 });
    connection.say({ outputTranscription: { text: "Hello. " }, generationComplete: true });
    room.events.playout({ kind: "drained", generation: 1, playedMs: 200 });
    connection.events.message({
      serverContent: { turnComplete: true },
      usageMetadata: { promptTokenCount: 5, responseTokenCount: 5, totalTokenCount: 10 },
    });
    expect(room.methods).toEqual(["join", "play"]);
    expect(room.messageTypes).toEqual([
      "bot-ready",
      "metrics",
      "bot-llm-started",
      "metrics",
      "bot-tts-started",
      "bot-started-speaking",
      "bot-llm-text",
      "bot-tts-text",
      "bot-transcription",
      "bot-output",
      "bot-stopped-speaking",
      "bot-output",
      "metrics",
      "bot-tts-stopped",
      "bot-llm-stopped",
    ]);
    expect(link.marks.at(-1)).toBe("firstBotAudio");
    expect(link.transcript).toEqual([{ role: "assistant", text: "Hello.", at: new Date(NOW).toISOString() }]);
    expect(link.reports).toContainEqual({
      kind: "usage",
      usage: { promptTokens: 5, responseTokens: 5, totalTokens: 10 },
    });
  });

  it("carries the user's voice to Gemini and the words back", async () => {
    const { room, connection, link } = await inCall();
    for (const pcm of [...frames(400, silence), ...frames(600, voice(0.3)), ...frames(400, silence)]) {
      room.events.audio(pcm);
    }
    connection.say({ inputTranscription: { text: "Hi!", finished: true } });
    expect(connection.audio).toHaveLength(70);
    expect(room.messageTypes.slice(2)).toEqual([
      "user-started-speaking",
      "user-stopped-speaking",
      "user-transcription",
    ]);
    expect(link.transcript).toMatchObject([{ role: "user", text: "Hi!" }]);
  });

  it("lets the user interrupt: pause at the first sounds, flush at Gemini's word", async () => {
    const { room, connection, link } = await inCall();
    connection.sayAudio(2_000);
    connection.say({ outputTranscription: { text: "A long story" } });
    room.events.playout({ kind: "started", generation: 1 });
    for (const pcm of [...frames(400, silence), ...frames(140, voice(0.3))]) room.events.audio(pcm);
    expect(room.methods.slice(1)).toEqual(["play", "pause"]);
    expect(room.messageTypes).not.toContain("user-started-speaking");
    connection.say({ interrupted: true });
    room.events.playout({ kind: "flushed", generation: 1, playedMs: 420 });
    connection.sayAudio(200);
    connection.say({ turnComplete: true });
    expect(room.methods.slice(1)).toEqual(["play", "pause", "flush"]);
    // As far as it was heard: 420 ms of 2 s.
    expect(link.transcript).toMatchObject([{ text: "A", interrupted: true }]);
    expect(room.messageTypes).toContain("bot-interrupted");
  });

  it("holds a session for a client that left after it was ready, with Gemini, and ends it after 45 s", async () => {
    const run = await inCall();
    run.room.events.participantLeft(CLIENT);
    await settle(44_999);
    expect(run.ended()).toBeUndefined();
    expect(run.live.connection.closed).toBe(false);
    run.room.events.participantJoined({ ...CLIENT, id: "client-2" });
    await settle(60_000);
    expect(run.ended()).toBeUndefined();
    run.room.events.participantLeft({ ...CLIENT, id: "client-2" });
    await settle(45_000);
    expect(run.ended()).toBe("client_left");
    expectNothingLeft(run);
  });

  it("ends at once when the client leaves before it was ready", async () => {
    const run = start();
    run.link.events.roomReady();
    await settle();
    run.roomHost.room.events.participantJoined(CLIENT);
    run.roomHost.room.events.participantLeft(CLIENT);
    await settle();
    expect(run.ended()).toBe("client_left");
    expectNothingLeft(run);
  });

  it("asks after 5 min without a word of either side, counted from the last, says goodbye and ends", async () => {
    const run = await inCall();
    const says = sayer(run);
    says(1, "Hello.");
    await settle(299_000);
    run.live.connection.say({ inputTranscription: { text: "Still here.", finished: true } });
    await settle(299_999);
    expect(run.purposes()).toEqual([]);
    await settle(1);
    expect(run.purposes()).toEqual(["idle"]);
    expect(run.live.connection.texts.at(-1)).toMatch(/still there/i);
    says(2, "Are you still there?");
    await settle(19_999);
    expect(run.purposes()).toEqual(["idle"]);
    await settle(1);
    expect(run.purposes()).toEqual(["idle", "goodbye"]);
    expect(run.ended()).toBeUndefined();
    says(3, "Goodbye.");
    await settle();
    expect(run.ended()).toBe("idle");
    expectNothingLeft(run);
  });

  it("ends an idle session in bounded time when the model has no goodbye to say", async () => {
    const run = await inCall();
    sayer(run)(1, "Hello.");
    await settle(300_000 + 20_000 + 15_000);
    expect(run.ended()).toBe("idle");
    expectNothingLeft(run);
  });

  it("stays when the user answers", async () => {
    const run = await inCall();
    const says = sayer(run);
    says(1, "Hello.");
    await settle(300_000);
    says(2, "Are you still there?");
    run.live.connection.say({ inputTranscription: { text: "Yes.", finished: true } });
    await settle(299_999);
    expect(run.purposes()).toEqual(["idle"]);
    await settle(1);
    expect(run.purposes()).toEqual(["idle", "idle"]);
  });

  it("says a minute before the end that it is near, once, in a pause", async () => {
    const run = await inCall({ signal: { expiresAt: new Date(NOW + HOUR_MS).toISOString() } });
    const { live, room } = run;
    sayer(run)(1, "Hello.");
    for (let elapsed = 0; elapsed < HOUR_MS - 60_000; elapsed += 60_000) {
      expect(run.purposes()).toEqual([]);
      run.live.connection.say({ inputTranscription: { text: "Talking.", finished: true } });
      await settle(59_000);
      if (elapsed === HOUR_MS - 120_000) {
        live.connection.say({ outputTranscription: { text: "I was about to" } });
        live.connection.sayAudio(3_000);
        room.events.playout({ kind: "started", generation: 2 });
      }
      await settle(1_000);
    }
    await settle(2_500);
    expect(run.purposes()).toEqual([]);
    live.connection.say({ generationComplete: true, turnComplete: true });
    room.events.playout({ kind: "drained", generation: 2, playedMs: 3_000 });
    await settle(1_000);
    expect(run.purposes()).toEqual(["last-minute"]);
    await settle(50_000);
    expect(run.purposes()).toEqual(["last-minute"]);
    await settle(10_000);
    expect(run.ended()).toBe("expired");
    expectNothingLeft(run);
  });

  it("does not announce the end of a session that is short anyway", async () => {
    const run = await inCall({ signal: { expiresAt: new Date(NOW + 170_000).toISOString() } });
    sayer(run)(1, "Hello.");
    await settle(169_999);
    expect(run.purposes()).toEqual([]);
    expect(run.ended()).toBeUndefined();
    await settle(1);
    expect(run.ended()).toBe("expired");
  });

  it("ends when the session expires, whatever is going on", async () => {
    const run = await inCall({ signal: { expiresAt: new Date(NOW + HOUR_MS).toISOString() } });
    for (let elapsed = 0; elapsed < HOUR_MS - 1; elapsed += 100_000) {
      run.live.connection.say({ inputTranscription: { text: "talking", finished: true } });
      await settle(Math.min(100_000, HOUR_MS - 1 - elapsed));
    }
    expect(run.ended()).toBeUndefined();
    await settle(1);
    expect(run.ended()).toBe("expired");
    expectNothingLeft(run);
  });
});

describe("Bot, ending", () => {
  it("ends when the client asks for it", async () => {
    const run = await inCall();
    run.room.events.appMessage({ label: "rtvi-ai", type: "disconnect-bot", id: "x", data: {} }, CLIENT.id);
    await settle();
    expect(run.ended()).toBe("stopped");
    expectNothingLeft(run);
  });

  it("lets the bot finish its sentence when the client asks for the end, within 10 s", async () => {
    const disconnect = { label: "rtvi-ai", type: "disconnect-bot", id: "x", data: {} };
    for (const heardToItsEnd of [true, false]) {
      const run = await inCall();
      run.connection.sayAudio(3_000);
      run.room.events.playout({ kind: "started", generation: 1 });
      run.connection.say({ outputTranscription: { text: "One moment." }, turnComplete: true });
      run.room.events.appMessage(disconnect, CLIENT.id);
      await settle(3_000);
      expect(run.ended()).toBeUndefined();
      if (heardToItsEnd) run.room.events.playout({ kind: "drained", generation: 1, playedMs: 3_000 });
      await settle(heardToItsEnd ? 0 : 7_000);
      expect(run.ended()).toBe("stopped");
      expectNothingLeft(run);
    }
  });

  it("does not wait for the bot's voice when it is stopped from outside", async () => {
    const run = await inCall();
    run.connection.sayAudio(3_000);
    run.room.events.playout({ kind: "started", generation: 1 });
    run.link.events.stop("stopped");
    await settle();
    expect(run.ended()).toBe("stopped");
  });

  it("ends as the edge says, and only once", async () => {
    const run = await inCall();
    run.link.events.stop("expired");
    run.bot.stop("idle");
    run.link.events.fenced();
    await settle();
    expect(run.ended()).toBe("expired");
    expectNothingLeft(run);
    run.room.events.ended({ kind: "left" });
    run.room.events.playout({ kind: "drained", generation: 1, playedMs: 1 });
    await settle(HOUR_MS);
    expectNothingLeft(run);
  });

  it("goes on with another connection when Gemini is lost", async () => {
    const run = await inCall();
    run.connection.end(1011, "Internal error encountered.");
    await settle();
    expect(run.ended()).toBeUndefined();
    run.live.connection.sayAudio(200);
    expect(run.live.connections).toHaveLength(2);
    expect(run.room.methods.at(-1)).toBe("play");
  });

  it("tells the client when Gemini cannot be reached any more, then ends", async () => {
    const run = await inCall();
    run.live.script.push(...Array.from({ length: 20 }, () => "unavailable" as const));
    run.connection.end(1011, "Internal error encountered.");
    await settle(60_000);
    expect(run.ended()).toBe("gemini_failed");
    expect(run.room.messages.at(-1)).toMatchObject({ type: "error", data: { fatal: true } });
    expect(run.room.methods.at(-1)).toBe("close");
    expectNothingLeft(run);
  });

  it("ends when Gemini refuses", async () => {
    const run = start({ live: new FakeLive("refuse") });
    await settle();
    expect(run.ended()).toBe("gemini_failed");
    expectNothingLeft(run);
  });

  it.each([
    [{ kind: "ejected" }, "stopped"],
    [{ kind: "failed", detail: "connection-error" }, "daily_failed"],
  ] as const)("ends with its room %j as %s", async (end, reason) => {
    const run = await inCall();
    run.room.events.ended(end);
    await settle();
    expect(run.ended()).toBe(reason);
    expectNothingLeft(run);
  });

  describe("whose page is lost", () => {
    const LOST: RoomEnd = { kind: "lost", detail: "page crashed" };

    it("goes on from another one, with the same conversation, and nobody has to say that they are ready", async () => {
      const run = await inCall();
      const { room: first, connection } = run;
      connection.sayAudio(1_000);
      await settle();
      first.events.playout({ kind: "started", generation: 1 });
      first.events.ended(LOST);
      await settle();
      const { room: second } = run.roomHost;
      expect(second).not.toBe(first);
      expect(second.continues).toBe(first);
      second.events.participantJoined(CLIENT);
      expect(second.methods).toEqual(["join"]);
      connection.sayAudio(1_000);
      await settle();
      expect(second.methods).toEqual(["join", "play"]);
      // The model's connection is the same, and hears the same user.
      second.events.audio(new Int16Array(320));
      await settle(200);
      expect(run.live.connections).toHaveLength(1);
      expect(connection.closed).toBe(false);
      second.events.playout({ kind: "drained", generation: 1, playedMs: 2_000 });
      second.events.participantLeft(CLIENT);
      await settle(BOT_LIMITS.clientGraceMs);
      expect(run.ended()).toBe("client_left");
      expectNothingLeft(run);
    });

    it("tries again while there is no browser, and until its room has a place for it", async () => {
      const run = await inCall();
      run.roomHost.failures = 2;
      run.roomHost.joins.push({ fails: "meeting-full" }, "ok");
      run.room.events.ended(LOST);
      await settle(4_000);
      expect(run.ended()).toBeUndefined();
      expect(run.events.filter(({ event }) => event === "bot.rejoin_failed")).toHaveLength(3);
      expect(run.events).toContainEqual(expect.objectContaining({ event: "bot.rejoined", tries: 4 }));
      run.bot.stop("stopped");
      await settle();
      expectNothingLeft(run);
    });

    it.each<[string, (run: Run) => void, string]>([
      ["there is no browser for long", ({ roomHost }) => (roomHost.failures = 1_000), "bot_lost"],
      ["the room is gone, too", ({ roomHost }) => roomHost.joins.push({ fails: "no-room" }), "daily_failed"],
      ["the session has expired", ({ roomHost }) => roomHost.joins.push({ fails: "exp-room" }), "expired"],
      [
        "it is stopped meanwhile",
        ({ bot, roomHost }) => {
          roomHost.joins.push("hang");
          setTimeout(() => bot.stop("stopped"), 1_000);
        },
        "stopped",
      ],
    ])("ends when %s", async (_, happen, reason) => {
      const run = await inCall();
      happen(run);
      run.room.events.ended(LOST);
      await settle(BOT_LIMITS.rejoinMs);
      await settle();
      expect(run.ended()).toBe(reason);
      expectNothingLeft(run);
    });

    it("gives the call up when it loses one page after the other", async () => {
      const run = await inCall();
      for (let page = 0; page < 4; page++) {
        expect(run.ended()).toBeUndefined();
        run.roomHost.room.events.ended(LOST);
        await settle(1_000);
      }
      expect(run.ended()).toBe("bot_lost");
      expectNothingLeft(run);
    });

    it("waits for a client that has left meanwhile, like for any other", async () => {
      const run = await inCall();
      run.room.events.ended(LOST);
      await settle(BOT_LIMITS.clientGraceMs - 1);
      expect(run.ended()).toBeUndefined();
      await settle(1_000);
      expect(run.ended()).toBe("client_left");
      expectNothingLeft(run);
    });
  });

  it("keeps the last words of both sides", async () => {
    const run = await inCall();
    run.connection.say({ inputTranscription: { text: "Tell me" } });
    run.connection.say({ outputTranscription: { text: "Well, it" } });
    run.connection.sayAudio(1_000);
    run.room.events.playout({ kind: "started", generation: 1 });
    await settle(700);
    run.bot.stop("stopped");
    await settle();
    expect(run.link.transcript).toMatchObject([
      { role: "user", text: "Tell me" },
      { role: "assistant", text: "Well,", interrupted: true },
    ]);
    expect(run.link.reports.at(-1)).toEqual({ kind: "ended", reason: "stopped" });
  });

  it("frees what is still on its way when it is stopped: page, join, Gemini", async () => {
    const opening = Promise.withResolvers<void>();
    const early = start({ live: new FakeLive("hang") });
    early.roomHost.opening = opening.promise;
    const late = start({ live: new FakeLive("hang") });
    late.roomHost.opening = opening.promise;
    late.bot.stop("stopped");
    await settle(100);
    expect(late.live.aborted).toBe(1);
    opening.resolve();
    await settle();
    expect(late.ended()).toBe("stopped");
    expect(late.roomHost.rooms.every(({ closed }) => closed)).toBe(true);
    expect(late.link.closed).toBe(true);

    early.bot.stop("stopped");
    await settle();
    expect(early.ended()).toBe("stopped");
    expectNothingLeft(early);

    const joining = start({ joins: ["hang"] });
    joining.link.events.roomReady();
    await settle();
    joining.bot.stop("stopped");
    await settle();
    expect(joining.ended()).toBe("stopped");
    expectNothingLeft(joining);
  });

  it("reports the turns of the conversation before its end", async () => {
    const run = await inCall();
    for (const pcm of [...frames(400, silence), ...frames(600, voice(0.3)), ...frames(400, silence)]) {
      run.room.events.audio(pcm);
    }
    await settle(700);
    sayer(run)(1, "Hi!");
    run.bot.stop("stopped");
    await settle();
    expect(run.link.reports.slice(-2)).toEqual([
      { kind: "turns", turns: { count: 1, interrupted: 0, medianResponseMs: 700 } },
      { kind: "ended", reason: "stopped" },
    ]);
  });

  it("reports and counts what was done against a model that had fallen silent", async () => {
    const steps: string[] = [];
    const run = await inCall({ onMuteStep: (step) => steps.push(step) });
    for (let turn = 0; turn < 4; turn += 1) {
      run.live.connection.say({ turnComplete: true });
      await settle(1_000);
    }
    expect(steps).toEqual(["nudge", "resume", "fresh", "told"]);
    run.bot.stop("stopped");
    await settle();
    expect(run.link.reports.find(({ kind }) => kind === "turns")).toEqual({
      kind: "turns",
      turns: { count: 0, interrupted: 0, muteSteps: { nudge: 1, resume: 1, fresh: 1, told: 1 } },
    });
  });

  it("survives a room that does not close, and says so", async () => {
    const run = await inCall();
    run.room.close = () => Promise.reject(new Error("stuck"));
    run.bot.stop("stopped");
    await settle();
    expect(run.ended()).toBe("stopped");
    expect(run.events).toContainEqual(expect.objectContaining({ event: "bot.cleanup_failed", what: "room" }));
  });

  it("logs neither words nor tokens", async () => {
    const run = await inCall();
    run.connection.say({ inputTranscription: { text: "my secret", finished: true } });
    run.connection.say({ outputTranscription: { text: "your secret" }, turnComplete: true });
    run.bot.stop("stopped");
    await settle();
    expect(run.events.map(({ event }) => event)).toContain("bot.ended");
    expect(JSON.stringify(run.events)).not.toMatch(/secret|token/);
  });
});
