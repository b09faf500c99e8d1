import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findChromium } from "./chromium-path.ts";
import { type ChromiumRoomHost, createChromiumRoomHost } from "./chromium-room-host.ts";
import { decibels, levelAt, tone, toS16 } from "./dsp/signals.ts";
import type { RoomLogEvent } from "./log-events.ts";
import type { Room, RoomOptions } from "./room.ts";
import { browserPidOf, countOf, startHostChild } from "./testing/host-child.ts";
import { buildLoopbackAssets } from "./testing/loopback-assets.ts";
import { groupOf } from "./testing/processes.ts";
import { RecordingEvents } from "./testing/recording-events.ts";

/** Page, worklet and bridge in a real Chromium, with calls that hear themselves. */

const WAIT = { timeout: 10_000, interval: 20 };
const SECOND = 24_000;

let assets: Awaited<ReturnType<typeof buildLoopbackAssets>>;
/** Most tests share it; who harms it has one of his own. */
let shared: ChromiumRoomHost;
let host: ChromiumRoomHost;
const logged: RoomLogEvent[] = [];
const rooms: Room[] = [];

beforeAll(async () => {
  assets = await buildLoopbackAssets();
  shared = await start();
  host = shared;
});

afterEach(async () => {
  await Promise.all(rooms.splice(0).map((room) => room.close()));
});

afterAll(async () => {
  await shared?.close();
  await assets?.remove();
});

function start(chromiumPath?: string): Promise<ChromiumRoomHost> {
  return createChromiumRoomHost({
    assetsFolder: assets.folder,
    callsPerPage: 3,
    chromiumPath,
    log: (event) => logged.push(event),
  });
}

async function open(options: Partial<RoomOptions> = {}): Promise<{ room: Room; events: RecordingEvents }> {
  const events = new RecordingEvents();
  const url = "http://daily.test/room";
  const room = await host.open({ sessionId: "s", url, token: "t", userName: "Bot", ...options }, events);
  rooms.push(room);
  return { room, events };
}

async function inRoom(): Promise<{ room: Room; events: RecordingEvents }> {
  const opened = await open();
  await opened.room.join();
  await vi.waitFor(() => expect(opened.events.frames).toBeGreaterThan(5), WAIT);
  return opened;
}

function speech(hz: number, seconds: number): Int16Array {
  return toS16(tone({ hz, sampleRate: SECOND, samples: seconds * SECOND }));
}

describe("sound", () => {
  it("goes to the far end and comes back, each call to its own, with no frame lost", async () => {
    const first = await inRoom();
    const second = await inRoom();
    // More than Node may send ahead, which is 2 s.
    first.room.play(speech(440, 2.2), 1);
    second.room.play(speech(1_200, 2.2), 1);
    for (const { events } of [first, second]) {
      await vi.waitFor(() => expect(events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
      expect(events.playouts).toEqual([
        { kind: "started", generation: 1 },
        { kind: "drained", generation: 1, playedMs: 2_200 },
      ]);
      const progress = events.progress.map(({ playedMs }) => playedMs);
      expect(progress.length).toBeGreaterThan(3);
      expect(progress).toEqual(progress.toSorted((x, y) => x - y));
      expect(progress.at(-1)).toBeLessThanOrEqual(2_200);
    }
    for (const [{ events }, own, foreign] of [
      [first, 440, 1_200],
      [second, 1_200, 440],
    ] as const) {
      const loud = events.peaks().findIndex((peak) => peak > 0.4);
      const heard = events.heard(loud + 2).subarray(0, 16_000);
      expect(Math.abs(decibels(levelAt(heard, own, 16_000) / 0.5))).toBeLessThan(0.5);
      expect(decibels(levelAt(heard, foreign, 16_000) / 0.5)).toBeLessThan(-50);
    }
    expect(host.stats()).toMatchObject({ pages: 1, rooms: 2, framesLost: 0 });
  });

  it("is cut by flush, and nothing of it comes after", async () => {
    const { room, events } = await inRoom();
    room.play(speech(440, 5), 1);
    await vi.waitFor(() => expect(events.peaks().at(-1)).toBeGreaterThan(0.4), WAIT);
    room.flush(1);
    room.play(speech(440, 5), 1);
    await vi.waitFor(() => expect(events.playouts.at(-1)?.kind).toBe("flushed"), WAIT);
    const at = events.frames;
    await vi.waitFor(() => expect(events.frames).toBeGreaterThan(at + 30), WAIT);
    // What was between the page's output and its input: a few frames, then silence for good.
    expect(Math.max(...events.peaks(at + 5))).toBeLessThan(0.001);
    room.play(speech(440, 0.4), 2);
    await vi.waitFor(() => expect(events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
    expect(events.playouts.slice(2)).toEqual([
      { kind: "started", generation: 2 },
      { kind: "drained", generation: 2, playedMs: 400 },
    ]);
  });

  it("is held by pause and goes on with resume, to the last sample", async () => {
    const { room, events } = await inRoom();
    room.play(speech(440, 0.6), 1);
    await vi.waitFor(() => expect(events.peaks().at(-1)).toBeGreaterThan(0.4), WAIT);
    room.pause();
    await vi.waitFor(() => expect(events.peaks().at(-1)).toBeLessThan(0.001), WAIT);
    const at = events.frames;
    await vi.waitFor(() => expect(events.frames).toBeGreaterThan(at + 20), WAIT);
    expect(Math.max(...events.peaks(at))).toBeLessThan(0.001);
    room.resume();
    await vi.waitFor(() => expect(events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
    expect(events.playouts.at(-1)).toEqual({ kind: "drained", generation: 1, playedMs: 600 });
  });

  it("of somebody muted is silence, and of somebody gone is nothing", async () => {
    const { room, events } = await inRoom();
    room.play(speech(440, 10), 1);
    await vi.waitFor(() => expect(events.peaks().at(-1)).toBeGreaterThan(0.4), WAIT);
    room.sendAppMessage("mute");
    await vi.waitFor(() => expect(events.peaks().at(-1)).toBeLessThan(0.001), WAIT);
    const at = events.frames;
    await vi.waitFor(() => expect(events.frames).toBeGreaterThan(at + 20), WAIT);
    expect(Math.max(...events.peaks(at))).toBeLessThan(0.001);
    room.sendAppMessage("unmute");
    await vi.waitFor(() => expect(events.peaks().at(-1)).toBeGreaterThan(0.4), WAIT);
    room.sendAppMessage("leave");
    await vi.waitFor(() => expect(events.messages).toHaveLength(3), WAIT);
    room.flush(1);
    await vi.waitFor(() => expect(events.playouts.at(-1)?.kind).toBe("flushed"), WAIT);
    const gone = events.frames;
    room.play(speech(440, 0.4), 2);
    await vi.waitFor(() => expect(events.playouts.at(-1)?.kind).toBe("drained"), WAIT);
    expect(events.frames).toBe(gone);
  });
});

describe("calls", () => {
  it("get messages, refuse what is too large, and end once", async () => {
    const { room, events } = await inRoom();
    room.sendAppMessage({ hello: "wörld" });
    await vi.waitFor(() => expect(events.messages).toEqual([[{ hello: "wörld" }, "self"]]), WAIT);
    expect(events.joined).toEqual([{ id: "self", userId: "self", userName: "Echo" }]);
    await Promise.all([room.close(), room.close()]);
    expect(events.ends).toEqual([{ kind: "left" }]);
    expect(events.late).toBe(0);
    expect(host.stats().rooms).toBe(0);
  });

  it("survive a message that the bridge could not carry, and it is said that it was dropped", async () => {
    const { room, events } = await inRoom();
    room.sendAppMessage("flood");
    await vi.waitFor(() => expect(events.messages).toEqual([["flood", "self"]]), WAIT);
    expect(logged).toContainEqual(
      expect.objectContaining({ event: "page.error", detail: expect.stringContaining("app-message") }),
    );
    const frames = events.frames;
    await vi.waitFor(() => expect(events.frames).toBeGreaterThan(frames + 10), WAIT);
    expect(events.ends).toEqual([]);
  });

  it("that are not let in say why, and free their slot", async () => {
    for (let attempt = 0; attempt < 5; attempt++) {
      const { room, events } = await open({ url: "http://daily.test/room?error=exp-room" });
      await expect(room.join()).rejects.toMatchObject({ name: "RoomError", type: "exp-room" });
      expect(events.ends).toEqual([{ kind: "expired" }]);
    }
    await vi.waitFor(() => expect(host.stats().rooms).toBe(0), WAIT);
    expect(host.stats().pages).toBe(1);
  });

  it("more than a page holds get another page, which goes when it is empty", async () => {
    const rooms = await Promise.all(Array.from({ length: 4 }, () => inRoom()));
    expect(host.stats()).toMatchObject({ pages: 2, rooms: 4 });
    await Promise.all(rooms.map(({ room }) => room.close()));
    await vi.waitFor(() => expect(host.stats()).toMatchObject({ pages: 1, rooms: 0 }), WAIT);
    expect(host.ready).toBe(true);
    await inRoom();
  });

  it("use a page again and again, and hear nothing of each other", async () => {
    // More often than there are slots.
    for (let round = 0; round < 4; round++) {
      const { room, events } = await inRoom();
      room.play(speech(440, 1), 1);
      await vi.waitFor(() => expect(events.peaks().at(-1)).toBeGreaterThan(0.4), WAIT);
      expect(Math.max(...events.peaks().slice(0, 5))).toBeLessThan(0.001);
      await room.close();
    }
    expect(host.stats()).toMatchObject({ pages: 1, rooms: 0, framesLost: 0 });
  });
});

describe("trouble", () => {
  async function withHost(test: (host: ChromiumRoomHost) => Promise<void>, chromiumPath?: string) {
    logged.length = 0;
    host = await start(chromiumPath);
    try {
      await test(host);
    } finally {
      await host.close();
      host = shared;
    }
  }

  it("a page that goes away loses its calls, and a new one takes the next", () =>
    withHost(async (host) => {
      const { room, events } = await inRoom();
      void host.livePages[0]?.evaluate("location.href = 'about:blank'").catch(() => undefined);
      await vi.waitFor(() => expect(events.ends).toMatchObject([{ kind: "lost" }]), WAIT);
      // They are kept for whoever goes on with the call.
      room.sendAppMessage("x");
      await vi.waitFor(() => expect(host.ready).toBe(true), WAIT);
      await inRoom();
      expect(logged).toContainEqual(expect.objectContaining({ event: "page.lost", rooms: 1 }));
    }));

  it("a browser that is killed loses its calls, and a new one takes the next, also one asked for at once", () =>
    withHost(async (host) => {
      const { events } = await inRoom();
      const before = host.browserPid ?? 0;
      process.kill(before, "SIGKILL");
      await vi.waitFor(() => expect(events.ends).toMatchObject([{ kind: "lost" }]), WAIT);
      expect(host.ready).toBe(false);
      await inRoom();
      expect(host.ready).toBe(true);
      expect(host.browserPid).not.toBe(before);
      expect(groupOf(before)).toEqual([]);
      expect(logged).toContainEqual(expect.objectContaining({ event: "browser.exited" }));
      expect(logged.filter(({ event }) => event === "browser.start_failed")).toEqual([]);
    }));

  it("what a page says, and its address, is not in the log of its browser's end", () =>
    withHost(async (host) => {
      const page = host.livePages[0];
      const secret = await page?.evaluate(
        "console.error('she said a word', location.href), location.pathname",
      );
      expect(secret).toMatch(/^\/[\w-]{43}\/$/);
      process.kill(host.browserPid ?? 0, "SIGKILL");
      await vi.waitFor(() => expect(logged.map(({ event }) => event)).toContain("browser.exited"), WAIT);
      expect(JSON.stringify(logged)).not.toContain(String(secret));
      expect(JSON.stringify(logged)).not.toContain("she said");
    }));

  it("a caller does not wait through all the tries for a browser that does not start again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "chat-vrd-broken-"));
    const [script, broken] = [join(folder, "chromium"), join(folder, "broken")];
    await writeFile(script, `#!/bin/sh\n[ -e ${broken} ] && exit 1\nexec ${findChromium()} "$@"\n`, {
      mode: 0o755,
    });
    try {
      await withHost(async (host) => {
        await writeFile(broken, "");
        process.kill(host.browserPid ?? 0, "SIGKILL");
        await vi.waitFor(() => expect(host.ready).toBe(false), WAIT);
        const failed = () => logged.filter(({ event }) => event === "browser.start_failed").length;
        const before = failed();
        await expect(open()).rejects.toMatchObject({ name: "RoomError", type: "lost" });
        expect(failed() - before).toBeLessThanOrEqual(1);
        await rm(broken);
        await vi.waitFor(() => expect(host.ready).toBe(true), WAIT);
      }, script);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("closing ends every call as lost and leaves no process", () =>
    withHost(async (host) => {
      const { events } = await inRoom();
      const pid = host.browserPid ?? 0;
      await host.close();
      expect(events.ends).toMatchObject([{ kind: "lost" }]);
      expect(groupOf(pid)).toEqual([]);
      expect(host.ready).toBe(false);
      await expect(open()).rejects.toMatchObject({ type: "closed" });
    }));

  it("closing takes no longer than it may with a browser that hangs", () =>
    withHost(async (host) => {
      const pid = host.browserPid ?? 0;
      process.kill(-pid, "SIGSTOP");
      const startedAt = performance.now();
      await host.close();
      expect(performance.now() - startedAt).toBeLessThan(2_500);
      expect(groupOf(pid)).toEqual([]);
    }));
});

it("a Chromium that cannot be had is a sentence", async () => {
  const options = { assetsFolder: assets.folder, chromiumPath: "/nonexistent", log: () => {} };
  await expect(createChromiumRoomHost(options)).rejects.toThrow('CHROMIUM_PATH is "/nonexistent"');
});

it("a host that is killed takes its browser with it", async () => {
  const child = await startHostChild([assets.folder, ""]);
  try {
    await vi.waitFor(() => expect(countOf(child, "page.ready")).toBe(1), WAIT);
    const pid = browserPidOf(child) ?? 0;
    expect(groupOf(pid).length).toBeGreaterThan(2);
    child.signal("SIGKILL");
    await vi.waitFor(() => expect(groupOf(pid)).toEqual([]), WAIT);
  } finally {
    await child.end();
  }
});
