import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { BridgeServer } from "./bridge/bridge-server.ts";
import { BEAT, BEAT_MS, MAIN_BEAT, MAX_CALL, PAGE_SILENT_MS } from "./bridge/limits.ts";
import type { Browser, TabWatch } from "./browser.ts";
import type { ChromiumRoom } from "./chromium-room.ts";
import type { RoomLogEvent } from "./log-events.ts";
import { noStats } from "./room-host-stats.ts";
import { RoomPage, type RoomPageOptions } from "./room-page.ts";
import { RecordingEvents } from "./testing/recording-events.ts";

const Sent = z.object({ type: z.string(), call: z.number() });

/** The page's end of the bridge: answers every call's opening and closing unless told not to. */
class FakePage extends EventEmitter {
  readonly opened: number[] = [];
  bufferedAmount = 0;
  answers = true;

  send(data: string | Uint8Array): void {
    if (typeof data !== "string" || data === BEAT) return;
    const { type, call } = Sent.parse(JSON.parse(data));
    if (type === "open") this.opened.push(call);
    if (!this.answers) return;
    if (type === "open") queueMicrotask(() => this.says({ type: "opened", call }));
    if (type === "close") queueMicrotask(() => this.says({ type: "closed", call }));
  }

  says(message: object | string): void {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    this.emit("message", Buffer.from(text), false);
  }

  batch(): void {
    this.emit("message", Buffer.alloc(0), true);
  }

  terminate(): void {}
}

let fake: FakePage;
let page: RoomPage;
let watch: TabWatch;
let logged: RoomLogEvent[];
let lost: number;
const counters = noStats();

beforeEach(async () => {
  vi.useFakeTimers();
  fake = new FakePage();
  logged = [];
  lost = 0;
  counters.maxGapMs = 0;
  counters.lateBatches = 0;
  page = await start();
});

function start(more: Partial<RoomPageOptions> = {}): Promise<RoomPage> {
  let admitted: ((socket: WebSocket) => void) | undefined;
  const bridge: Pick<BridgeServer, "admit"> = {
    admit: (opened) => {
      admitted = opened;
      return { url: "http://127.0.0.1:1/secret/", revoke: () => {} };
    },
  };
  const browser: Pick<Browser, "open"> = {
    open: async (_, watching) => {
      watch = watching;
      // Only what a link uses of a socket.
      admitted?.(fake as unknown as WebSocket);
      queueMicrotask(() => fake.says({ type: "ready", renderQuantum: 480 }));
      return { evaluate: async () => undefined, close: async () => {} };
    },
  };
  return RoomPage.open({
    number: 1,
    // Only what a page uses of them.
    browser: browser as Browser,
    bridge: bridge as BridgeServer,
    slots: 3,
    callMachineUrl: undefined,
    counters,
    log: (event) => logged.push(event),
    lost: () => lost++,
    released: () => {},
    ...more,
  });
}

afterEach(async () => {
  await page.close("The test is over");
  vi.useRealTimers();
});

function open(events = new RecordingEvents()): Promise<ChromiumRoom> {
  return page.openRoom({ sessionId: "s", url: "https://x.daily.co/r", token: "t", userName: "Bot" }, events);
}

/** Lets the page answer every beat, and the audio thread send if it does. */
async function live(ms: number, audio: "flows" | "silent"): Promise<void> {
  for (let passed = 0; passed < ms; passed += BEAT_MS) {
    fake.says(BEAT);
    fake.says(MAIN_BEAT);
    if (audio === "flows") fake.batch();
    await vi.advanceTimersByTimeAsync(BEAT_MS);
  }
}

it("goes on numbering its calls from 1 when the numbers are used up, past those in use", async () => {
  const stays = await open();
  expect(stays.call).toBe(1);
  for (let call = 2; call <= MAX_CALL; call++) await (await open()).close();
  expect((await open()).call).toBe(2);
  expect(fake.opened).toHaveLength(MAX_CALL + 1);
}, 30_000);

it("owes no audio for a call that is still being opened", async () => {
  fake.answers = false;
  const opening = open();
  await live(2 * PAGE_SILENT_MS, "silent");
  expect(lost).toBe(0);
  fake.says({ type: "opened", call: 1 });
  await opening;
});

it("owes none while the last call is being opened and the one before has gone", async () => {
  const first = await open();
  await live(1_000, "flows");
  fake.answers = false;
  const opening = open();
  const closing = first.close();
  fake.says({ type: "closed", call: 1 });
  await closing;
  await live(2 * PAGE_SILENT_MS, "silent");
  expect(lost).toBe(0);
  fake.says({ type: "opened", call: 2 });
  await opening;
  fake.batch();
  // The pause was nobody's gap.
  expect(counters.maxGapMs).toBeLessThanOrEqual(BEAT_MS);
});

it("is lost with its calls when the audio thread of an open call is silent", async () => {
  const events = new RecordingEvents();
  await open(events);
  await live(1_000, "flows");
  expect(lost).toBe(0);
  await live(PAGE_SILENT_MS, "silent");
  expect(lost).toBe(1);
  expect(events.ends).toEqual([{ kind: "lost", detail: "Its audio thread is silent" }]);
  await expect(open()).rejects.toMatchObject({ type: "lost" });
});

it("measures the longest gap between batches", async () => {
  await open();
  fake.batch();
  vi.advanceTimersByTime(120);
  fake.batch();
  vi.advanceTimersByTime(20);
  fake.batch();
  expect(counters.maxGapMs).toBe(120);
});

it("counts the batches that come late", async () => {
  await open();
  for (const ms of [20, 59, 60, 20, 300]) {
    fake.batch();
    vi.advanceTimersByTime(ms);
  }
  fake.batch();
  expect(counters.lateBatches).toBe(2);
});

it("takes no more calls when it has taken as many as it may, and those that are there go on", async () => {
  await page.close("Another one is wanted");
  page = await start({ maxCalls: 4 });
  for (const free of [3, 3]) {
    expect(page.freeSlots).toBe(free);
    await (await open()).close();
  }
  const rooms = [await open(), await open()];
  expect([page.freeSlots, page.roomCount, page.live]).toEqual([0, 2, true]);
  await expect(open()).rejects.toMatchObject({ type: "lost" });
  expect(rooms.map(({ live }) => live)).toEqual([true, true]);
  await rooms[0]?.close();
  expect(page.freeSlots).toBe(0);
});

it("takes none once it is retired", async () => {
  const room = await open();
  page.retire();
  expect([page.freeSlots, page.roomCount, page.live]).toEqual([0, 1, true]);
  expect(room.live).toBe(true);
});

it("fails who waits for a call when it goes away", async () => {
  fake.answers = false;
  const failing = expect(open()).rejects.toMatchObject({ name: "RoomError", type: "lost" });
  await vi.advanceTimersByTimeAsync(0);
  watch.gone("The page crashed");
  watch.gone("The browser exited");
  await failing;
  expect(lost).toBe(1);
  expect(logged.filter(({ event }) => event === "page.lost")).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

it("never logs its address", () => {
  expect(logged).toContainEqual(expect.objectContaining({ event: "page.ready" }));
  expect(JSON.stringify(logged)).not.toContain("secret");
});
