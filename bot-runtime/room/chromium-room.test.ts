import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BatchReader, BatchWriter, FrameKind, type Position } from "./bridge/audio-frames.ts";
import type { ToPage } from "./bridge/control.ts";
import { ChromiumRoom, type PageWire } from "./chromium-room.ts";
import type { RoomLogEvent } from "./log-events.ts";
import { RoomError, type RoomEvents } from "./room.ts";
import { noStats } from "./room-host-stats.ts";

const OPTIONS = {
  sessionId: "s1",
  url: "https://x.daily.co/r",
  token: "tok-secret",
  userName: "Bot",
};
const CALL = 3;

let sent: ToPage[];
let marks: [FrameKind, number, number][];
let told: unknown[][];
let logged: RoomLogEvent[];
let released: number;
let wire: PageWire;
let room: ChromiumRoom;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  marks = [];
  told = [];
  logged = [];
  released = 0;
  wire = {
    control: (message) => sent.push(message),
    mark: ({ kind, generation, seq }) => marks.push([kind, generation, seq]),
    pump: () => {},
    release: () => released++,
    counters: noStats(),
  };
  const events: RoomEvents = {
    audio: (pcm) => told.push(["audio", pcm.length, pcm[0]]),
    participantJoined: ({ id }) => told.push(["joined", id]),
    participantLeft: ({ id }) => told.push(["left", id]),
    appMessage: (data, fromId) => told.push(["message", data, fromId]),
    playout: (state) => told.push(["playout", state]),
    ended: (end) => told.push(["ended", end]),
  };
  room = new ChromiumRoom({ call: CALL, options: OPTIONS, events, wire, log: (event) => logged.push(event) });
});

afterEach(() => {
  vi.useRealTimers();
});

async function opened(): Promise<void> {
  room.control({ type: "opened", call: CALL });
  await room.opened();
}

async function joined(): Promise<void> {
  await opened();
  const done = room.join();
  room.control({ type: "joined", call: CALL });
  await done;
}

function frame(
  kind: FrameKind,
  seq: number,
  payload: Int16Array | Partial<Position> = {},
  generation = 0,
): void {
  const writer = new BatchWriter(new ArrayBuffer(2_000));
  const header = { call: CALL, kind, generation, seq };
  if (payload instanceof Int16Array) writer.audio(header, payload);
  else {
    const position = { playedGeneration: generation, playedSamples: 0, consumedSamples: 0, framesLost: 0 };
    writer.position(header, { ...position, ...payload });
  }
  const reader = new BatchReader(writer.take());
  reader.next();
  room.frame(reader);
}

describe("opening", () => {
  it("asks the page, and is done when the page is", async () => {
    expect(sent).toEqual([{ type: "open", call: CALL }]);
    await opened();
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, () => void, string]>([
    [
      "the page cannot",
      () => room.control({ type: "open-failed", call: CALL, detail: "no slot" }),
      "open-failed",
    ],
    ["the page goes away", () => room.lost("crashed"), "lost"],
    ["the page says nothing", () => vi.advanceTimersByTime(20_000), "lost"],
  ])("fails when %s, and frees the call", async (_, happen, type) => {
    const failing = expect(room.opened()).rejects.toMatchObject({ name: "RoomError", type });
    happen();
    await vi.advanceTimersByTimeAsync(0);
    room.control({ type: "closed", call: CALL });
    await failing;
    expect(sent.at(-1)).toEqual({ type: "close", call: CALL });
    expect(released).toBeGreaterThan(0);
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("joining", () => {
  it("passes url, token and name to the page, and logs no token", async () => {
    await joined();
    expect(sent[1]).toEqual({
      type: "join",
      call: CALL,
      url: OPTIONS.url,
      token: OPTIONS.token,
      userName: "Bot",
    });
    expect(logged).toContainEqual({ event: "room.joined", sessionId: "s1", joinMs: 0 });
    expect(JSON.stringify(logged)).not.toContain(OPTIONS.token);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that Daily refuses rejects with its type, ends the room and frees the call", async () => {
    await opened();
    const failing = expect(room.join()).rejects.toMatchObject({ type: "exp-token" });
    room.control({ type: "ended", call: CALL, errorType: "exp-token", detail: "expired" });
    await failing;
    expect(told).toEqual([["ended", { kind: "expired" }]]);
    expect(sent.at(-1)).toEqual({ type: "close", call: CALL });
    expect(logged).toContainEqual({
      event: "room.join_failed",
      level: "warn",
      sessionId: "s1",
      errorType: "exp-token",
    });
  });

  it("that takes for ever fails", async () => {
    await opened();
    const failing = expect(room.join()).rejects.toMatchObject({ type: "join-timeout" });
    await vi.advanceTimersByTimeAsync(20_000);
    await failing;
    expect(told).toHaveLength(1);
  });

  it("is cut short by close", async () => {
    await opened();
    const failing = expect(room.join()).rejects.toMatchObject({ type: "closed" });
    const closing = room.close();
    await failing;
    room.control({ type: "joined", call: CALL });
    room.control({ type: "closed", call: CALL });
    await closing;
    expect(told).toEqual([["ended", { kind: "left" }]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is done once only", async () => {
    await joined();
    await expect(room.join()).rejects.toBeInstanceOf(RoomError);
  });
});

describe("app messages", () => {
  it("go out when joined, and not before or after", async () => {
    expect(() => room.sendAppMessage("early")).toThrow(RoomError);
    await joined();
    room.sendAppMessage({ a: 1 });
    expect(sent.at(-1)).toEqual({ type: "send", call: CALL, data: { a: 1 } });
    room.control({ type: "ended", call: CALL, errorType: "ejected", detail: "" });
    expect(() => room.sendAppMessage("late")).toThrow(expect.objectContaining({ type: "closed" }));
  });

  it("of 4,096 characters of JSON are sent, and of one more refused", async () => {
    await joined();
    const before = sent.length;
    room.sendAppMessage("x".repeat(4_094));
    expect(sent).toHaveLength(before + 1);
    expect(() => room.sendAppMessage("x".repeat(4_095))).toThrow(
      expect.objectContaining({ type: "message-too-large" }),
    );
    expect(sent).toHaveLength(before + 1);
  });

  it("come in with their sender, as do participants", async () => {
    await joined();
    const participant = { id: "p", userId: "u", userName: "n" };
    room.control({ type: "participant-joined", call: CALL, participant });
    room.control({ type: "app-message", call: CALL, data: [1], fromId: "p" });
    room.control({ type: "participant-left", call: CALL, participant });
    expect(told).toEqual([
      ["joined", "p"],
      ["message", [1], "p"],
      ["left", "p"],
    ]);
  });
});

describe("audio", () => {
  it("comes in as frames of its own", async () => {
    await joined();
    frame(FrameKind.input, 0, new Int16Array(320).fill(5));
    frame(FrameKind.input, 1, new Int16Array(320).fill(6));
    expect(told).toEqual([
      ["audio", 320, 5],
      ["audio", 320, 6],
    ]);
    expect(wire.counters.framesIn).toBe(2);
  });

  it("of another size is not passed on", async () => {
    await joined();
    frame(FrameKind.input, 0, new Int16Array(100));
    expect(told).toEqual([]);
  });

  it("goes out in numbered frames, with the marks in the same count", async () => {
    await joined();
    room.play(new Int16Array(3_000), 1);
    expect(room.nextFrame()).toMatchObject({ generation: 1, seq: 0 });
    room.pause();
    room.resume();
    expect(room.nextFrame()).toMatchObject({ generation: 1, seq: 3 });
    room.flush(1);
    expect(marks).toEqual([
      [FrameKind.pause, 0, 1],
      [FrameKind.resume, 0, 2],
      [FrameKind.flush, 1, 4],
    ]);
  });

  it("that is lost on either way is counted once", async () => {
    await joined();
    frame(FrameKind.progress, 2, { framesLost: 5 });
    frame(FrameKind.progress, 3, { framesLost: 5 });
    frame(FrameKind.progress, 4, { framesLost: 6 });
    expect(wire.counters.framesLost).toBe(2 + 6);
  });

  it("tells what is being heard", async () => {
    await joined();
    room.play(new Int16Array(2_400), 9);
    room.nextFrame();
    frame(FrameKind.started, 0, {}, 9);
    frame(FrameKind.drained, 1, { playedSamples: 2_400, consumedSamples: 2_400 }, 9);
    expect(told).toEqual([
      ["playout", { kind: "started", generation: 9 }],
      ["playout", { kind: "drained", generation: 9, playedMs: 100 }],
    ]);
  });

  it("that finds no room is logged", async () => {
    await joined();
    for (let minute = 0; minute < 11; minute++) room.play(new Int16Array(60 * 24_000), 1);
    expect(logged).toContainEqual({
      event: "room.speech_dropped",
      level: "warn",
      sessionId: "s1",
      droppedMs: 60_000,
    });
  });
});

describe("the end", () => {
  it("is told once, and nothing after it", async () => {
    await joined();
    room.control({ type: "ended", call: CALL, errorType: "ejected", detail: "" });
    room.control({ type: "ended", call: CALL, errorType: "left", detail: "" });
    room.control({ type: "app-message", call: CALL, data: 1, fromId: "p" });
    frame(FrameKind.input, 0, new Int16Array(320));
    room.lost("crashed");
    await room.close();
    expect(told).toEqual([["ended", { kind: "ejected" }]]);
  });

  it("leaves nothing to be sent or asked", async () => {
    await joined();
    room.lost("crashed");
    const before = sent.length;
    room.play(new Int16Array(100), 1);
    room.pause();
    room.flush(1);
    await room.close();
    await room.close();
    expect(room.nextFrame()).toBeUndefined();
    expect(marks).toEqual([]);
    expect(sent).toHaveLength(before);
    expect(released).toBe(1);
    expect(told).toEqual([["ended", { kind: "lost", detail: "crashed" }]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits for the page to have left, but not for ever", async () => {
    await joined();
    let done = false;
    const closing = room.close().then(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    expect(released).toBe(0);
    room.control({ type: "closed", call: CALL });
    expect(released).toBe(1);
  });
});

describe("going on in another page", () => {
  const NEXT_CALL = 4;
  let next: ChromiumRoom;
  let nextTold: unknown[][];
  let nextMarks: FrameKind[];
  let pumped: number;

  /** The page is lost, and another one opens a room for the same call. */
  async function goOn(before: ChromiumRoom = room): Promise<void> {
    before.lost("crashed");
    nextTold = [];
    nextMarks = [];
    pumped = 0;
    const nothing = () => {};
    next = new ChromiumRoom({
      call: NEXT_CALL,
      options: OPTIONS,
      events: {
        audio: nothing,
        participantJoined: nothing,
        participantLeft: nothing,
        appMessage: nothing,
        playout: (state) => nextTold.push(["playout", state]),
        ended: (end) => nextTold.push(["ended", end]),
      },
      wire: { ...wire, mark: ({ kind }) => nextMarks.push(kind), pump: () => pumped++ },
      log: nothing,
      remains: before.remains,
    });
    next.control({ type: "opened", call: NEXT_CALL });
    await next.opened();
  }

  async function nextJoined(): Promise<void> {
    const done = next.join();
    next.control({ type: "joined", call: NEXT_CALL });
    await done;
  }

  const messages = () => sent.flatMap((one) => (one.type === "send" ? [[one.call, one.data]] : []));

  it("holds the speech until it can be heard, also what came meanwhile", async () => {
    await joined();
    room.play(new Int16Array(4_800), 1);
    room.nextFrame();
    await goOn();
    room.play(new Int16Array(100), 1);
    next.play(new Int16Array(100), 1);
    await nextJoined();
    expect(next.nextFrame()).toBeUndefined();
    vi.advanceTimersByTime(500);
    expect(pumped).toBeGreaterThan(0);
    const sizes: number[] = [];
    for (let one = next.nextFrame(); one; one = next.nextFrame()) sizes.push(one.pcm.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(4_800 + 200);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("flushes and pauses by what the bot last asked for, whichever room it asked", async () => {
    await joined();
    room.play(new Int16Array(4_800), 1);
    room.nextFrame();
    await goOn();
    room.flush(1);
    next.play(new Int16Array(100), 2);
    room.pause();
    await nextJoined();
    expect(nextMarks).toEqual([]);
    vi.advanceTimersByTime(500);
    expect(nextTold).toEqual([["playout", { kind: "flushed", generation: 1, playedMs: 0 }]]);
    expect(nextMarks).toEqual([FrameKind.pause]);
    expect(next.nextFrame()).toMatchObject({ generation: 2 });
    expect(next.nextFrame()).toBeUndefined();
  });

  it("sends the messages of the time between when it has joined, in order, and no more than it may keep", async () => {
    await joined();
    await goOn();
    room.sendAppMessage("a");
    next.sendAppMessage("b");
    expect(() => next.sendAppMessage("x".repeat(5_000))).toThrow(
      expect.objectContaining({ type: "message-too-large" }),
    );
    for (let more = 0; more < 254; more++) next.sendAppMessage(more);
    expect(() => next.sendAppMessage("one too many")).toThrow(expect.objectContaining({ type: "closed" }));
    expect(messages()).toEqual([]);
    await nextJoined();
    next.sendAppMessage("after");
    const said = messages();
    expect(said.slice(0, 3)).toEqual([
      [NEXT_CALL, "a"],
      [NEXT_CALL, "b"],
      [NEXT_CALL, 0],
    ]);
    expect(said.slice(-2)).toEqual([
      [NEXT_CALL, 253],
      [NEXT_CALL, "after"],
    ]);
  });

  it("is lost with its page, too, and goes on in a third", async () => {
    await joined();
    room.play(new Int16Array(2_400), 1);
    room.nextFrame();
    await goOn();
    const second = next;
    await goOn(second);
    await nextJoined();
    vi.advanceTimersByTime(500);
    expect(next.nextFrame()?.pcm.length).toBe(2_400);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not for a room that ended otherwise", async () => {
    await joined();
    room.control({ type: "ended", call: CALL, errorType: "ejected", detail: "" });
    expect(room.remains).toBeUndefined();
    expect(() => room.sendAppMessage("late")).toThrow(expect.objectContaining({ type: "closed" }));
    room.play(new Int16Array(100), 1);
    expect(room.nextFrame()).toBeUndefined();
  });
});
