import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ChromiumRoomHost, createChromiumRoomHost } from "../../bot-runtime/room/chromium-room-host.ts";
import { decibels, levelAt, tone, toS16 } from "../../bot-runtime/room/dsp/signals.ts";
import type { RoomLogEvent } from "../../bot-runtime/room/log-events.ts";
import type { Room } from "../../bot-runtime/room/room.ts";
import { browserPidOf, countOf, startHostChild } from "../../bot-runtime/room/testing/host-child.ts";
import { groupOf } from "../../bot-runtime/room/testing/processes.ts";
import { RecordingEvents } from "../../bot-runtime/room/testing/recording-events.ts";
import { RoomDaily } from "../support/room-daily.ts";
import { RoomReceivers } from "../support/room-receivers.ts";

/** Rooms of the bot runtime in the Daily emulator: the real Chromium, the real daily-js, real WebRTC. */

const WAIT = { timeout: 15_000, interval: 20 };
const RATE = 24_000;
const FRAME_MS = 20;
const LOUD = 0.2;
const SILENT = 0.003;

let daily: RoomDaily;
let host: ChromiumRoomHost;
let receivers: RoomReceivers;
const logged: RoomLogEvent[] = [];

beforeAll(async () => {
  daily = await RoomDaily.start();
  host = await createChromiumRoomHost({
    callMachineUrl: daily.callMachineUrl,
    log: (event) => logged.push(event),
  });
  const [page] = host.livePages;
  if (!page) throw new Error("There is no page");
  receivers = await RoomReceivers.of(page);
});

afterAll(async () => {
  await host?.close();
  await daily?.close();
});

interface Guest {
  room: Room;
  events: RecordingEvents;
}

async function enter(room: { name: string; url: string }, userId: string, token?: string): Promise<Guest> {
  const events = new RecordingEvents();
  const opened = await host.open(
    {
      sessionId: userId,
      url: room.url,
      token: token ?? (await daily.token(room.name, userId)),
      userName: userId,
    },
    events,
  );
  await opened.join();
  return { room: opened, events };
}

/** Two in a room who can hear each other. */
async function pair(
  properties: Record<string, unknown> = {},
): Promise<{ a: Guest; b: Guest; name: string; end(): Promise<void> }> {
  const room = await daily.createRoom(properties);
  const a = await enter(room, "alice");
  const b = await enter(room, "bob");
  await vi.waitFor(() => {
    expect(a.events.frames).toBeGreaterThan(10);
    expect(b.events.frames).toBeGreaterThan(10);
  }, WAIT);
  return {
    a,
    b,
    name: room.name,
    end: async () => {
      await Promise.all([a.room.close(), b.room.close()]);
    },
  };
}

function speech(hz: number, seconds: number): Int16Array {
  return toS16(tone({ hz, sampleRate: RATE, samples: seconds * RATE, level: 0.4 }));
}

/** The level of a frequency against what was sent, in the median half second: a repair by WebRTC shifts its phase. */
function typicalDecibels(sound: Float32Array, hz: number): number {
  const step = 8_000;
  const levels = Array.from({ length: sound.length / step }, (_, index) =>
    decibels(levelAt(sound.subarray(index * step, (index + 1) * step), hz, 16_000) / 0.4),
  ).sort((a, b) => a - b);
  return levels[Math.floor(levels.length / 2)] ?? Number.NEGATIVE_INFINITY;
}

async function heard(guest: Guest): Promise<void> {
  await vi.waitFor(() => expect(guest.events.peaks().at(-1)).toBeGreaterThan(LOUD), WAIT);
}

async function more(guest: Guest, frames: number): Promise<void> {
  const from = guest.events.frames;
  await vi.waitFor(() => expect(guest.events.frames).toBeGreaterThan(from + frames), WAIT);
}

it("carries both voices at once, right in pitch and level, without losing a frame", async () => {
  const before = host.stats();
  const { a, b, end } = await pair();
  const repairsSince = await receivers.watch();
  a.room.play(speech(440, 5.3), 1);
  b.room.play(speech(1_000, 5.3), 1);
  for (const { events } of [a, b]) {
    await vi.waitFor(() => expect(events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
    expect(events.playouts.at(-1)).toEqual({ kind: "drained", generation: 1, playedMs: 5_300 });
  }
  const weak: number[] = [];
  for (const [guest, own, foreign] of [
    [a, 1_000, 440],
    [b, 440, 1_000],
  ] as const) {
    const onset = guest.events.peaks().findIndex((peak) => peak > LOUD);
    const sound = guest.events.heard(onset + 10).subarray(0, 5 * 16_000);
    expect(Math.abs(typicalDecibels(sound, own))).toBeLessThan(1);
    expect(decibels(levelAt(sound, foreign, 16_000) / 0.4)).toBeLessThan(-40);
    const peaks = guest.events.peaks(onset + 5).slice(0, 250);
    weak.push(...peaks.filter((peak) => peak < LOUD));
  }
  // On a busy machine packets come late, and the receiver fills in. Not a frame is weak but for that.
  const { madeUpMs } = await repairsSince();
  expect(weak.length * FRAME_MS, `of ${madeUpMs} ms made up by WebRTC`).toBeLessThanOrEqual(madeUpMs);
  const after = host.stats();
  expect(after.framesIn - before.framesIn).toBeGreaterThan(2 * 5 * 50);
  expect(after.framesLost).toBe(0);
  await end();
});

it("falls silent on flush, stays so for what still arrives, and speaks the next answer", async () => {
  const { a, b, end } = await pair();
  a.room.play(speech(440, 8), 1);
  await heard(b);
  const flushedAt = b.events.frames;
  a.room.flush(1);
  a.room.play(speech(440, 2), 1);
  await more(b, 50);
  const peaks = b.events.peaks(flushedAt);
  const lastLoud = peaks.findLastIndex((peak) => peak > 0.02);
  // The way to the far end takes 50 to 100 ms; the flush itself must add nothing that can be seen here.
  expect(lastLoud * FRAME_MS).toBeLessThanOrEqual(200);
  expect(Math.max(...peaks.slice(lastLoud + 5))).toBeLessThan(SILENT);
  const flushed = a.events.playouts.find(({ kind }) => kind === "flushed");
  expect(flushed).toMatchObject({ generation: 1 });
  a.room.play(speech(1_000, 0.5), 2);
  await heard(b);
  await vi.waitFor(() => expect(a.events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
  expect(a.events.playouts.at(-1)).toEqual({ kind: "drained", generation: 2, playedMs: 500 });
  await end();
});

it("holds its voice on pause and loses nothing of it", async () => {
  const { a, b, end } = await pair();
  const repairsSince = await receivers.watch();
  const from = b.events.frames;
  a.room.play(speech(440, 1), 1);
  await heard(b);
  a.room.pause();
  await vi.waitFor(() => expect(b.events.peaks().at(-1)).toBeLessThan(SILENT), WAIT);
  const paused = b.events.frames;
  await more(b, 25);
  expect(Math.max(...b.events.peaks(paused))).toBeLessThan(SILENT);
  a.room.resume();
  await vi.waitFor(() => expect(a.events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
  expect(a.events.playouts.at(-1)).toEqual({ kind: "drained", generation: 1, playedMs: 1_000 });
  await more(b, 15);
  const { addedMs, removedMs, madeUpMs } = await repairsSince();
  const loudMs = b.events.peaks(from).filter((peak) => peak > 0.1).length * FRAME_MS;
  expect(loudMs).toBeGreaterThanOrEqual(1_000 - 2 * FRAME_MS - removedMs - madeUpMs);
  expect(loudMs).toBeLessThanOrEqual(1_000 + 4 * FRAME_MS + addedMs);
  await end();
});

it("takes its microphone out of the call and puts it in again, with the voice that goes on meanwhile", async () => {
  const { a, b, end } = await pair();
  a.room.play(speech(440, 30), 1);
  for (let time = 1; time <= 2; time += 1) {
    await heard(b);
    const from = b.events.frames;
    a.room.republish();
    await vi.waitFor(() => expect(Math.min(...b.events.peaks(from))).toBeLessThan(SILENT), WAIT);
    await heard(b);
  }
  // It is the bot's own voice that came back, and no microphone of the machine.
  const onset = b.events.frames;
  await more(b, 60);
  expect(Math.abs(typicalDecibels(b.events.heard(onset), 440))).toBeLessThan(1);
  expect(a.events.playouts).toEqual([{ kind: "started", generation: 1 }]);
  await end();
});

it("passes app messages both ways and tells who comes and goes", async () => {
  const { a, b, end } = await pair();
  const id = (guest: Guest, userId: string) => guest.events.joined.find((one) => one.userId === userId)?.id;
  expect(a.events.joined).toEqual([{ id: expect.any(String), userId: "bob", userName: "bob" }]);
  expect(b.events.joined).toEqual([{ id: expect.any(String), userId: "alice", userName: "alice" }]);
  a.room.sendAppMessage({ label: "rtvi-ai", text: "ä€😀" });
  b.room.sendAppMessage("x".repeat(4_094));
  await vi.waitFor(() => {
    expect(b.events.messages).toEqual([[{ label: "rtvi-ai", text: "ä€😀" }, id(b, "alice")]]);
    expect(a.events.messages).toEqual([["x".repeat(4_094), id(a, "bob")]]);
  }, WAIT);
  await b.room.close();
  await vi.waitFor(() => expect(a.events.left).toEqual(a.events.joined), WAIT);
  expect(b.events.ends).toEqual([{ kind: "left" }]);
  const frames = a.events.frames;
  a.room.play(speech(440, 0.4), 1);
  await vi.waitFor(() => expect(a.events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
  expect(a.events.frames - frames).toBeLessThanOrEqual(2);
  await end();
});

it("is heard in a room whose participants start muted", async () => {
  const { a, b, end } = await pair({ start_audio_off: true });
  a.room.play(speech(440, 1), 1);
  await heard(b);
  await end();
});

it("does not listen to another bot of ours", async () => {
  const room = await daily.createRoom();
  const bot = await enter(room, "bot-1");
  const ghost = await enter(room, "bot-2");
  const user = await enter(room, "alice");
  ghost.room.play(speech(440, 2), 1);
  user.room.play(speech(1_000, 2), 1);
  await heard(bot);
  const from = bot.events.frames;
  await more(bot, 50);
  const sound = bot.events.heard(from);
  expect(decibels(levelAt(sound, 1_000, 16_000) / 0.4)).toBeGreaterThan(-3);
  expect(decibels(levelAt(sound, 440, 16_000) / 0.4)).toBeLessThan(-40);
  // It was speaking all the while.
  expect(ghost.events.playouts).toEqual([{ kind: "started", generation: 1 }]);
  await Promise.all([bot, ghost, user].map((guest) => guest.room.close()));
});

it("comes back while its own ghost is in the room, ejects that, and hears its client", async () => {
  const own = await createChromiumRoomHost({ callMachineUrl: daily.callMachineUrl, log: () => {} });
  try {
    const room = await daily.createRoom();
    const user = await enter(room, "alice");
    const events = new RecordingEvents();
    const token = await daily.token(room.name, "bot-1");
    const first = await own.open({ sessionId: "s", url: room.url, token, userName: "Bot" }, events);
    await first.join();
    await vi.waitFor(() => expect(user.events.joined).toHaveLength(1), WAIT);
    const ghost = user.events.joined[0];
    await daily.inflict({ fault: "ghost", ms: 3_600_000 });
    process.kill(own.browserPid ?? 0, "SIGKILL");
    await vi.waitFor(() => expect(events.ends).toMatchObject([{ kind: "lost" }]), WAIT);

    const bot = await enter(room, "bot-1", token);
    await vi.waitFor(() => expect(user.events.left).toEqual([ghost]), WAIT);
    expect((await daily.present(room.name)).toSorted()).toEqual(["alice", "bot-1"]);
    expect(bot.events.ends).toEqual([]);
    user.room.play(speech(440, 1), 1);
    await heard(bot);
    await Promise.all([bot.room.close(), user.room.close()]);
  } finally {
    await daily.inflict({ fault: "ghost", ms: 0 });
    await own.close();
  }
});

describe("ends", () => {
  it("when ejected, and nothing is heard after", async () => {
    const { a, b, name, end } = await pair();
    await daily.eject(name, "bob");
    await vi.waitFor(() => expect(b.events.ends).toEqual([{ kind: "ejected" }]), WAIT);
    await vi.waitFor(() => expect(a.events.left).toHaveLength(1), WAIT);
    expect(b.events.late).toBe(0);
    expect(await daily.present(name)).toEqual(["alice"]);
    await end();
  });

  it("when the room expires", async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const room = await daily.createRoom({ exp, eject_at_room_exp: true });
    const { events } = await enter(room, "alice");
    await vi.waitFor(() => expect(events.ends).toEqual([{ kind: "expired" }]), WAIT);
  });

  it.each<[string, string, (name: string) => Promise<string>]>([
    ["no-room", "failed", (name) => daily.token(name, "alice")],
    [
      "exp-token",
      "expired",
      (name) => daily.token(name, "alice", { exp: Math.floor(Date.now() / 1000) - 10 }),
    ],
    ["not-allowed", "failed", (name) => daily.token(name, "alice", {}, "another key")],
  ])("at the door with %s", async (type, kind, sign) => {
    const room = await daily.createRoom();
    const events = new RecordingEvents();
    const url = type === "no-room" ? `${room.url}-gone` : room.url;
    const name = type === "no-room" ? `${room.name}-gone` : room.name;
    const opened = await host.open({ sessionId: "s", url, token: await sign(name), userName: "a" }, events);
    await expect(opened.join()).rejects.toMatchObject({ name: "RoomError", type });
    expect(events.ends).toMatchObject([{ kind }]);
  });

  it("when the browser is killed, and the far end sees it leave", async () => {
    const own = await createChromiumRoomHost({ callMachineUrl: daily.callMachineUrl, log: () => {} });
    try {
      const room = await daily.createRoom();
      const events = new RecordingEvents();
      const token = await daily.token(room.name, "bot-1");
      const opened = await own.open({ sessionId: "s", url: room.url, token, userName: "Bot" }, events);
      await opened.join();
      process.kill(own.browserPid ?? 0, "SIGKILL");
      await vi.waitFor(() => expect(events.ends).toMatchObject([{ kind: "lost" }]), WAIT);
      await vi.waitFor(async () => expect(await daily.present(room.name)).toEqual([]), WAIT);
    } finally {
      await own.close();
    }
  });
});

it("leaves by itself within 5 s when its process is frozen, and is ready again when it thaws", async () => {
  const room = await daily.createRoom();
  const token = await daily.token(room.name, "bot-1");
  const child = await startHostChild(["", daily.callMachineUrl, room.url, token]);
  try {
    await vi.waitFor(() => expect(countOf(child, "test.in_room")).toBe(1), WAIT);
    expect(await daily.present(room.name)).toEqual(["bot-1"]);
    child.signal("SIGSTOP");
    const frozenAt = performance.now();
    await vi.waitFor(async () => expect(await daily.present(room.name)).toEqual([]), WAIT);
    const goneMs = performance.now() - frozenAt;
    expect(goneMs).toBeGreaterThan(2_500);
    expect(goneMs).toBeLessThan(5_000);
    child.signal("SIGCONT");
    await vi.waitFor(() => expect(countOf(child, "page.ready")).toBe(2), WAIT);
    expect(child.lines).toContainEqual(expect.objectContaining({ event: "room.ended", end: "lost" }));
    child.signal("SIGKILL");
    await vi.waitFor(() => expect(groupOf(browserPidOf(child) ?? 0)).toEqual([]), WAIT);
  } finally {
    await child.end();
  }
});

it("never logs a token, nor the path of a URL", () => {
  expect(logged.length).toBeGreaterThan(10);
  expect(JSON.stringify(logged)).not.toContain("eyJ");
  expect(JSON.stringify(logged)).not.toMatch(/:\/\/[^/"]+\/\w/);
});
