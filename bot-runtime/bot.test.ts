import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StartSignal } from "../protocol/bot-host.ts";
import { BOT_LIMITS, Bot } from "./bot.ts";
import type { SessionLogEvent } from "./log-events.ts";
import { FakeLink } from "./testing/fake-link.ts";
import { FakeLive } from "./testing/fake-live.ts";
import { CLIENT, FakeRoomHost, type JoinScript } from "./testing/fake-room.ts";
import { frames, silence, voice } from "./testing/sounds.ts";
import { startSignal } from "./testing/start-signal.ts";
import { EnergyModel } from "./vad/energy-model.ts";

const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

interface Setting {
  joins?: JoinScript[];
  live?: FakeLive;
  signal?: Partial<StartSignal>;
}

function start({ joins = [], live = new FakeLive(), signal = {} }: Setting = {}) {
  const roomHost = new FakeRoomHost(...joins);
  const links: FakeLink[] = [];
  const events: SessionLogEvent[] = [];
  const bot = new Bot(startSignal(signal), {
    roomHost,
    liveConnect: live.connect,
    openLink: (_link, linkEvents) => {
      const link = new FakeLink(linkEvents);
      links.push(link);
      return link;
    },
    createSpeechModel: () => new EnergyModel(),
    model: "gemini-3.8-live",
    defaultVoice: "Puck",
    limits: BOT_LIMITS,
    log: (event) => events.push(event),
  });
  const [link] = links;
  if (!link) throw new Error("The bot opened no link.");
  let ended: string | undefined;
  void bot.ended.then((reason) => {
    ended = reason;
  });
  return { bot, roomHost, live, link, events, ended: () => ended };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** A bot in its call, with a client that is ready and greeted. */
async function inCall(setting: Setting = {}) {
  const run = start(setting);
  run.link.events.roomReady();
  await settle();
  const { room } = run.roomHost;
  room.events.participantJoined(CLIENT);
  clientReady(run.roomHost);
  return { ...run, room, connection: run.live.connection };
}

function clientReady(roomHost: FakeRoomHost): void {
  const about = { library: "@pipecat-ai/client-js" };
  roomHost.room.events.appMessage(
    { label: "rtvi-ai", type: "client-ready", id: "ready-1", data: { version: "2.1.0", about } },
    CLIENT.id,
  );
}

/** Nothing of the session is left: no timer, no room, no connection, no link. */
function expectNothingLeft({ roomHost, live, link }: ReturnType<typeof start>): void {
  expect(vi.getTimerCount()).toBe(0);
  expect(roomHost.rooms.every(({ closed }) => closed)).toBe(true);
  expect(live.connections.every(({ closed }) => closed)).toBe(true);
  expect(link.closed).toBe(true);
  expect(link.endReasons).toHaveLength(1);
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Bot, joining", () => {
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
    expect(roomHost.room.messageTypes).toEqual(["bot-ready"]);
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

  it("ends when the room is lost in the moment of joining", async () => {
    const run = start();
    await settle();
    const { room } = run.roomHost;
    room.join = async () => room.events.ended({ kind: "lost", detail: "page crashed" });
    run.link.events.roomReady();
    await settle();
    expect(run.ended()).toBe("bot_lost");
    expectNothingLeft(run);
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
    expect(room.messageTypes).toEqual(["bot-ready"]);
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
    expect(room.messageTypes).toEqual(["bot-ready", "bot-ready"]);
    expect(connection.texts).toEqual([expect.stringContaining("Greet the user")]);
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
      "bot-llm-started",
      "metrics",
      "bot-tts-started",
      "bot-started-speaking",
      "bot-llm-text",
      "bot-tts-text",
      "bot-output",
      "bot-stopped-speaking",
      "bot-output",
      "bot-tts-stopped",
      "bot-llm-stopped",
      "metrics",
    ]);
    expect(link.marks.at(-1)).toBe("firstBotAudio");
    expect(link.transcript).toEqual([{ role: "assistant", text: "Hello.", at: new Date(NOW).toISOString() }]);
    expect(link.reports.at(-1)).toEqual({
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
    expect(connection.audio).toHaveLength(35);
    expect(room.messageTypes.slice(1)).toEqual([
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
    expect(link.transcript).toMatchObject([{ text: "A long story", interrupted: true }]);
    expect(room.messageTypes).toContain("bot-interrupted");
  });

  it("holds a session for a client that left after it was ready, with Gemini, and ends it after 45 s", async () => {
    const run = await inCall();
    run.room.events.participantLeft(CLIENT);
    await settle(44_999);
    expect(run.ended()).toBeUndefined();
    expect(run.connection.closed).toBe(false);
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

  it("ends after 5 min without a word of either side, counted from the last", async () => {
    const run = await inCall();
    await settle(299_000);
    run.connection.say({ inputTranscription: { text: "Still here.", finished: true } });
    await settle(299_999);
    expect(run.ended()).toBeUndefined();
    await settle(1);
    expect(run.ended()).toBe("idle");
    expectNothingLeft(run);
  });

  it("ends when the session expires, whatever is going on", async () => {
    const run = await inCall({ signal: { expiresAt: new Date(NOW + HOUR_MS).toISOString() } });
    for (let elapsed = 0; elapsed < HOUR_MS - 1; elapsed += 100_000) {
      run.connection.say({ inputTranscription: { text: "talking", finished: true } });
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

  it("tells the client when Gemini is lost, then ends", async () => {
    const run = await inCall();
    run.connection.events.ended({ kind: "closed", code: 1011, reason: "Internal error encountered." });
    await settle();
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
    [{ kind: "lost", detail: "page crashed" }, "bot_lost"],
  ] as const)("ends with its room %j as %s", async (end, reason) => {
    const run = await inCall();
    run.room.events.ended(end);
    await settle();
    expect(run.ended()).toBe(reason);
    expectNothingLeft(run);
  });

  it("keeps the last words of both sides", async () => {
    const run = await inCall();
    run.connection.say({ inputTranscription: { text: "Tell me" } });
    run.connection.say({ outputTranscription: { text: "Well, it" } });
    run.bot.stop("stopped");
    await settle();
    expect(run.link.transcript).toMatchObject([
      { role: "user", text: "Tell me" },
      { role: "assistant", text: "Well, it", interrupted: true },
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
