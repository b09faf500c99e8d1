import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Takeover } from "../protocol/takeover.ts";
import { BOT_LIMITS } from "./bot-limits.ts";
import { CLIENT } from "./testing/fake-room.ts";
import { clientReady, expectNothingLeft, inCall, type Run, settle, start } from "./testing/run-bot.ts";
import { frames, silence, voice } from "./testing/sounds.ts";

const NOW = Date.UTC(2026, 0, 1);
const LINE: Takeover["conversation"][number] = {
  role: "user",
  text: "My name is Ada.",
  at: new Date(NOW - 60_000).toISOString(),
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

function takingOver(takeover: Partial<Takeover>) {
  return start({
    signal: {
      attempt: 2,
      takeover: { how: "recovery", conversation: [LINE], client: { rtviVersion: "1.0.0" }, ...takeover },
    },
  });
}

/** What the client was told of the bot beside the standard messages. */
function statuses({ roomHost }: ReturnType<typeof start>): unknown[] {
  return roomHost.room.messages.flatMap((message) => {
    const { type, data } = message as { type: string; data: unknown };
    return type === "server-message" ? [data] : [];
  });
}

/** The newest answer, which is being heard. */
function speaks({ live, room }: Run, generation: number, ms: number): void {
  live.connection.sayAudio(ms);
  live.connection.say({ outputTranscription: { text: "One moment." }, generationComplete: true });
  room.events.playout({ kind: "started", generation });
  live.connection.say({ turnComplete: true });
}

function heard({ room }: Run, generation: number, playedMs: number): void {
  room.events.playout({ kind: "drained", generation, playedMs });
}

describe("a bot", () => {
  it("reports what the next one needs: each newer handle, and the client's version once", async () => {
    const run = await inCall();
    run.connection.giveHandle("handle-1");
    run.connection.giveHandle("handle-2");
    run.connection.giveHandle("handle-3");
    clientReady(run.roomHost);
    await settle(1_000);
    const told = run.link.reports.filter(({ kind }) => kind === "handle" || kind === "client");
    expect(told).toEqual([
      { kind: "client", rtviVersion: "2.1.0" },
      { kind: "handle", handle: "handle-1" },
      { kind: "handle", handle: "handle-3" },
    ]);
    expect(JSON.stringify(run.events)).not.toContain("handle-");
  });
});

describe("a bot that takes over from one that is lost", () => {
  it("goes on as ready: no greeting, no client-ready, its first words kept until it is in the room", async () => {
    const run = takingOver({ handle: "handle-1" });
    await settle();
    expect(run.live.setups[0]).toMatchObject({ handle: "handle-1" });
    const { connection } = run.live;
    expect(connection.texts).toEqual([expect.stringContaining("The connection was lost for a moment.")]);
    connection.sayAudio(500);
    run.link.events.roomReady();
    await settle();
    const { room } = run.roomHost;
    expect(room.methods).toEqual(["join"]);
    room.events.participantJoined(CLIENT);
    expect(room.methods).toEqual(["join", "play"]);
    expect(statuses(run)).toEqual([{ t: "assistant-status", d: { status: "back", memory: "kept" } }]);
    // The microphone is listened to.
    for (const pcm of frames(200, voice(0.3))) room.events.audio(pcm);
    expect(connection.audio.length).toBeGreaterThan(0);
    expect(run.link.transcript).toEqual([]);
    expect(run.link.reports.map(({ kind }) => kind)).not.toContain("client");
  });

  it("speaks the version of RTVI that the client has told the bot before", async () => {
    const run = takingOver({ client: { rtviVersion: "1.0.0" } });
    run.link.events.roomReady();
    await settle();
    const { room } = run.roomHost;
    room.events.participantJoined(CLIENT);
    const { connection } = run.live;
    connection.sayAudio(300);
    connection.say({ outputTranscription: { text: "Sorry. " }, generationComplete: true });
    room.events.playout({ kind: "started", generation: 1 });
    room.events.playout({ kind: "drained", generation: 1, playedMs: 300 });
    const outputs = room.messages.filter((message) => (message as { type: string }).type === "bot-output");
    expect(outputs).toMatchObject([{ data: { text: "Sorry.", spoken: true } }]);
  });

  it("tells the model what was said when there is no handle, and the transcript nothing of it", async () => {
    const run = takingOver({});
    run.link.events.roomReady();
    await settle();
    run.roomHost.room.events.participantJoined(CLIENT);
    expect(JSON.stringify(run.live.connection.sent)).toContain(LINE.text);
    expect(statuses(run)).toEqual([{ t: "assistant-status", d: { status: "back", memory: "retold" } }]);
    run.bot.stop("stopped");
    await settle();
    expect(run.link.transcript).toEqual([]);
    expectNothingLeft(run);
  });

  it("waits for a client that is not there, and says its words to it when it comes", async () => {
    const run = takingOver({});
    run.link.events.roomReady();
    await settle();
    run.live.connection.sayAudio(500);
    const { room } = run.roomHost;
    await settle(BOT_LIMITS.clientGraceMs - 1);
    expect(room.methods).toEqual(["join"]);
    room.events.participantJoined(CLIENT);
    expect(room.methods).toEqual(["join", "play"]);
    room.events.participantLeft(CLIENT);
    await settle(BOT_LIMITS.clientGraceMs);
    expect(run.ended()).toBe("client_left");
    expectNothingLeft(run);
  });

  it("begins as any other where nothing had begun", async () => {
    const run = start({ signal: { attempt: 2, takeover: { how: "recovery", conversation: [] } } });
    run.link.events.roomReady();
    await settle();
    expect(run.live.connection.texts).toEqual([expect.stringContaining("Greet")]);
    run.roomHost.room.events.participantJoined(CLIENT);
    clientReady(run.roomHost);
    expect(statuses(run)).toEqual([]);
    expect(run.roomHost.room.messageTypes).toEqual(["bot-ready", "metrics"]);
  });
});

describe("a bot that relieves another", () => {
  it("prepares all but Gemini, says so, and joins only when it is told, with the newest handle", async () => {
    const run = takingOver({ how: "hand-over", handle: "handle-1" });
    await settle(10_000);
    expect(run.link.reports).toEqual([{ kind: "prepared" }]);
    expect(run.live.setups).toEqual([]);
    expect(run.roomHost.room.methods).toEqual([]);

    const since = { role: "assistant" as const, text: "Bye for now.", at: new Date(NOW).toISOString() };
    run.link.events.roomReady({ handle: "handle-2", conversation: [since] });
    run.link.events.roomReady({ handle: "handle-3", conversation: [since] });
    await settle();
    run.roomHost.room.events.participantJoined(CLIENT);
    expect(run.live.setups).toMatchObject([{ handle: "handle-2" }]);
    expect(run.roomHost.room.methods).toEqual(["join"]);
    // It has nothing to say of its own.
    expect(run.live.connection.texts).toEqual([]);
    expect(statuses(run)).toEqual([{ t: "assistant-status", d: { status: "back", memory: "kept" } }]);
  });

  it("tells the model all that was said when no handle is left", async () => {
    const run = takingOver({ how: "hand-over", handle: "handle-1" });
    await settle();
    const since = { role: "assistant" as const, text: "Bye for now.", at: new Date(NOW).toISOString() };
    run.link.events.roomReady({ conversation: [since] });
    await settle();
    const told = JSON.stringify(run.live.connection.sent);
    expect(run.live.setups[0]?.handle).toBeUndefined();
    expect(told).toContain(LINE.text);
    expect(told).toContain(since.text);
  });

  it("leaves nothing when it is not needed after all", async () => {
    const run = takingOver({ how: "hand-over" });
    await settle();
    run.link.events.fenced();
    await settle();
    expect(run.ended()).toBe("stopped");
    expectNothingLeft(run);
  });
});

describe("a bot that is relieved", () => {
  const kinds = ({ link }: Run) => link.reports.map(({ kind }) => kind);

  it("asks for it once, and goes on until it is told", async () => {
    const run = await inCall();
    run.bot.drain();
    run.bot.drain();
    expect(kinds(run).filter((kind) => kind === "draining")).toHaveLength(1);
    speaks(run, 1, 1_000);
    expect(run.room.methods).toContain("play");
    expect(run.ended()).toBeUndefined();
  });

  it("finishes its sentence, tells all that it has to say, and leaves", async () => {
    const run = await inCall();
    speaks(run, 1, 3_000);
    run.link.events.handOver();
    await settle(3_000);
    expect(run.ended()).toBeUndefined();
    run.connection.giveHandle("handle-1");
    run.connection.giveHandle("handle-2");
    heard(run, 1, 3_000);
    await settle();
    expect(run.ended()).toBe("stopped");
    expect(run.link.reports.slice(-3)).toMatchObject([
      { kind: "transcript", entry: { text: "One moment." } },
      { kind: "handle", handle: "handle-2" },
      { kind: "handed-over" },
    ]);
    expect(run.link.transcript).toEqual([expect.not.objectContaining({ interrupted: true })]);
    expect(statuses(run)).toEqual([{ t: "assistant-status", d: { status: "away" } }]);
    expect(run.link.endReasons).toEqual([]);
    expect(run.room.closed).toBe(true);
    expect(run.connection.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves at once when nobody speaks, and after 10 s whoever does", async () => {
    const quiet = await inCall();
    speaks(quiet, 1, 100);
    heard(quiet, 1, 100);
    quiet.link.events.handOver();
    expect(kinds(quiet).at(-1)).toBe("handed-over");

    const talkative = await inCall();
    speaks(talkative, 1, 30_000);
    talkative.link.events.handOver();
    await settle(BOT_LIMITS.yieldMs - 1);
    expect(kinds(talkative)).not.toContain("handed-over");
    await settle(1);
    expect(kinds(talkative).at(-1)).toBe("handed-over");
    expect(talkative.link.transcript).toMatchObject([{ interrupted: true }]);
  });

  it("lets the user finish, and answers", async () => {
    const run = await inCall();
    speaks(run, 1, 100);
    heard(run, 1, 100);
    for (const pcm of [...frames(400, silence), ...frames(600, voice(0.3))]) run.room.events.audio(pcm);
    run.link.events.handOver();
    for (const pcm of frames(1_500, silence)) run.room.events.audio(pcm);
    await settle();
    expect(run.ended()).toBeUndefined();
    speaks(run, 2, 1_000);
    heard(run, 2, 1_000);
    await settle();
    expect(kinds(run).at(-1)).toBe("handed-over");
    // The frame that makes the pause has gone all its way first: its words were heard.
    expect(run.link.transcript).toHaveLength(2);
    expect(run.link.transcript.at(-1)).not.toHaveProperty("interrupted");
  });
});
