import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type ChromiumRoomHost,
  type ChromiumRoomHostOptions,
  createChromiumRoomHost,
} from "./chromium-room-host.ts";
import { tone, toS16 } from "./dsp/signals.ts";
import type { RoomLogEvent } from "./log-events.ts";
import type { Room } from "./room.ts";
import { buildLoopbackAssets } from "./testing/loopback-assets.ts";
import { alive, chromiumMainOf, groupOf } from "./testing/processes.ts";
import { RecordingEvents } from "./testing/recording-events.ts";

/** What becomes of calls when their page or browser goes away, or is no longer wanted. Calls hear themselves. */

vi.mock("./host-limits.ts", async (original) => ({
  ...(await original<object>()),
  SPARE_AFTER_MS: 100,
  IDLE_AFTER_MS: 200,
  PULSE_EVERY_MS: 500,
}));

const WAIT = { timeout: 15_000, interval: 20 };
const SECOND = 24_000;
const LOUD = 0.4;
const OPTIONS = { sessionId: "s", url: "http://daily.test/room", token: "t", userName: "Bot" };

let assets: Awaited<ReturnType<typeof buildLoopbackAssets>>;
beforeAll(async () => {
  assets = await buildLoopbackAssets();
});
afterAll(() => assets?.remove());

interface Rig {
  host: ChromiumRoomHost;
  logged: RoomLogEvent[];
  events(): string[];
  call(lost?: Room): Promise<{ room: Room; heard: RecordingEvents }>;
}

async function withHost(options: Partial<ChromiumRoomHostOptions>, test: (rig: Rig) => Promise<void>) {
  const logged: RoomLogEvent[] = [];
  const host = await createChromiumRoomHost({
    assetsFolder: assets.folder,
    callsPerPage: 3,
    log: (event) => logged.push(event),
    ...options,
  });
  const call: Rig["call"] = async (lost) => {
    const heard = new RecordingEvents();
    const room = await host.open(OPTIONS, heard, lost);
    await room.join();
    await vi.waitFor(() => expect(heard.frames).toBeGreaterThan(3), WAIT);
    return { room, heard };
  };
  try {
    await test({ host, logged, events: () => logged.map(({ event }) => event), call });
  } finally {
    await host.close();
  }
}

/** The renderer of a page dies, as in a crash. */
function crash(host: ChromiumRoomHost, index = 0): void {
  void host.livePages[index]?.evaluate("location.href = 'about:blank'").catch(() => undefined);
}

function speech(seconds: number): Int16Array {
  return toS16(tone({ hz: 440, sampleRate: SECOND, samples: seconds * SECOND }));
}

describe("a page that goes away", () => {
  it("leaves the calls of others alone, and its own go on in a warm one, in mid-sentence and to the end", () =>
    withHost({ sparePage: true, callsPerPage: 2 }, async ({ host, call, events }) => {
      const [a, b, other] = [await call(), await call(), await call()];
      await vi.waitFor(() => expect(host.livePages).toHaveLength(3), WAIT);
      for (const { room } of [a, b]) room.play(speech(3), 1);
      other.room.play(speech(20), 1);
      for (const { heard } of [a, b])
        await vi.waitFor(() => expect(heard.progress.length).toBeGreaterThan(2), WAIT);
      const opened = events().filter((event) => event === "page.ready").length;

      crash(host);
      for (const { heard } of [a, b]) {
        await vi.waitFor(() => expect(heard.ends).toMatchObject([{ kind: "lost" }]), WAIT);
      }
      // What is said meanwhile is said there.
      a.room.sendAppMessage("in between");
      const again = await Promise.all([call(a.room), call(b.room)]);
      expect(events().filter((event) => event === "page.ready")).toHaveLength(opened);
      for (const { heard } of again) {
        await vi.waitFor(() => expect(heard.playouts.at(-1)?.kind).toBe("drained"), WAIT);
        // Not told to begin again: it never was over.
        expect(heard.playouts).toEqual([{ kind: "drained", generation: 1, playedMs: 3_000 }]);
        const loudMs = heard.peaks().filter((peak) => peak > LOUD).length * 20;
        const before = a.heard.progress.at(-1)?.playedMs ?? 0;
        expect(loudMs).toBeGreaterThan(2_500 - before);
      }
      expect(again[0]?.heard.messages).toEqual([["in between", "self"]]);
      expect(other.heard.ends).toEqual([]);
      expect(other.heard.peaks().at(-1)).toBeGreaterThan(LOUD);
      expect(host.stats()).toMatchObject({ pagesLost: 1, browsersLost: 0, continued: 2 });
      // And there is a warm one again.
      await vi.waitFor(
        () => expect(host.livePages.some(({ roomCount }) => roomCount === 0)).toBe(true),
        WAIT,
      );
    }));
});

describe("a browser that goes away", () => {
  it("is replaced, and its calls go on in the new one", () =>
    withHost({ sparePage: true }, async ({ host, call }) => {
      const first = await call();
      first.room.play(speech(3), 1);
      await vi.waitFor(() => expect(first.heard.progress.length).toBeGreaterThan(2), WAIT);
      const pid = host.browserPid ?? 0;
      process.kill(chromiumMainOf(pid), "SIGKILL");
      await vi.waitFor(() => expect(first.heard.ends).toMatchObject([{ kind: "lost" }]), WAIT);
      // Its other page may not know yet that it is going: then it is lost there, too, and a bot asks again.
      const { heard } = await vi.waitFor(() => call(first.room), { ...WAIT, interval: 250 });
      await vi.waitFor(() => expect(heard.playouts.at(-1)?.kind).toBe("drained"), WAIT);
      expect(heard.playouts).toEqual([{ kind: "drained", generation: 1, playedMs: 3_000 }]);
      expect(host.stats()).toMatchObject({ browsersLost: 1, continued: 1 });
      await vi.waitFor(() => expect(groupOf(pid)).toEqual([]), WAIT);
    }));
});

describe("a browser that is no longer wanted", () => {
  it("is replaced after its calls when nobody is in it, and a call finds a page at any time", () =>
    withHost({ browserMaxCalls: 2, sparePage: true }, async ({ host, call, logged }) => {
      const pid = host.browserPid;
      const one = await call();
      await one.room.close();
      const two = await call();
      expect(host.browserPid).toBe(pid);
      await two.room.close();
      await vi.waitFor(() => {
        expect(host.ready).toBe(true);
        expect(host.browserPid).not.toBe(pid);
      }, WAIT);
      expect(logged).toContainEqual(
        expect.objectContaining({ event: "browser.replaced", why: "calls", calls: 2 }),
      );
      await vi.waitFor(() => expect(groupOf(pid ?? 0)).toEqual([]), WAIT);
      await call();
      expect(host.stats()).toMatchObject({ browsersReplaced: 1, browsersLost: 0, pagesLost: 0 });
    }));

  it.runIf(process.platform === "linux")("is replaced for the memory that it holds", () =>
    withHost({ browserMaxMb: 1 }, async ({ host, call, logged }) => {
      const pid = host.browserPid;
      await (await call()).room.close();
      await vi.waitFor(() => expect(host.browserPid).not.toBe(pid), WAIT);
      const replaced = logged.find(({ event }) => event === "browser.replaced");
      expect(replaced).toMatchObject({ why: "memory" });
      expect(replaced && "memoryMb" in replaced ? replaced.memoryMb : 0).toBeGreaterThan(50);
    }),
  );

  it("is replaced when it does not answer, and its calls go on to their end", () =>
    withHost({}, async ({ host, call, logged }) => {
      const pid = host.browserPid ?? 0;
      const first = await call();
      first.room.play(speech(60), 1);
      const main = chromiumMainOf(pid);
      process.kill(main, "SIGSTOP");
      try {
        await vi.waitFor(() => {
          expect(logged).toContainEqual(
            expect.objectContaining({ event: "browser.replaced", why: "silence" }),
          );
        }, WAIT);
        const second = await call();
        expect(first.heard.ends).toEqual([]);
        expect(first.heard.peaks().at(-1)).toBeGreaterThan(LOUD);
        expect(alive(main)).toBe(true);
        await first.room.close();
        await vi.waitFor(() => expect(groupOf(pid)).toEqual([]), WAIT);
        expect(second.heard.ends).toEqual([]);
      } finally {
        if (alive(main)) process.kill(main, "SIGCONT");
      }
    }));

  it("has pages that are replaced after their calls, one after the other", () =>
    withHost({ pageMaxCalls: 2, callsPerPage: 2 }, async ({ host, call, events }) => {
      for (let calls = 0; calls < 5; calls++) {
        const { room, heard } = await call();
        await room.close();
        expect(heard.ends).toEqual([{ kind: "left" }]);
      }
      await vi.waitFor(() => expect(host.livePages).toHaveLength(1), WAIT);
      expect(events().filter((event) => event === "page.ready").length).toBeGreaterThanOrEqual(3);
      expect(host.stats()).toMatchObject({ pagesLost: 0, rooms: 0 });
    }));
});
