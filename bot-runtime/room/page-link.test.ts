import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { BatchWriter, FrameKind } from "./bridge/audio-frames.ts";
import type { FromPage } from "./bridge/control.ts";
import { BEAT, BEAT_MS, MAIN_BEAT, MAX_HOST_BACKLOG_BYTES } from "./bridge/limits.ts";
import { PageLink } from "./page-link.ts";

/** The socket of a page that does what the test says. */
class FakeSocket extends EventEmitter {
  readonly sent: (string | Uint8Array)[] = [];
  bufferedAmount = 0;
  terminate = vi.fn();

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  text(text: string): void {
    this.emit("message", Buffer.from(text), false);
  }

  binary(bytes: Uint8Array): void {
    this.emit("message", Buffer.from(bytes), true);
  }
}

let socket: FakeSocket;
let link: PageLink;
let controls: FromPage[];
let calls: number[];
let malformed: number;
let lost: string[];
let hasCalls: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  socket = new FakeSocket();
  controls = [];
  calls = [];
  malformed = 0;
  lost = [];
  hasCalls = false;
  // Only what a link uses of it.
  link = new PageLink(socket as unknown as WebSocket, {
    control: (message) => controls.push(message),
    batch: (frames) => {
      while (frames.next()) calls.push(frames.call);
    },
    malformed: () => malformed++,
    hasCalls: () => hasCalls,
    lost: (detail) => lost.push(detail),
  });
});

afterEach(() => {
  link.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function batch(): Uint8Array {
  const writer = new BatchWriter(new ArrayBuffer(100));
  writer.mark({ call: 7, kind: FrameKind.pause, generation: 0, seq: 0 });
  return writer.take();
}

/** Lets the page answer every beat with these messages for a while. */
function live(ms: number, ...answers: string[]): void {
  for (let passed = 0; passed < ms; passed += BEAT_MS) {
    for (const answer of answers) socket.text(answer);
    vi.advanceTimersByTime(BEAT_MS);
  }
}

describe("messages", () => {
  it("of control are parsed", () => {
    socket.text(JSON.stringify({ type: "joined", call: 1 }));
    expect(controls).toEqual([{ type: "joined", call: 1 }]);
  });

  it("of audio are handed over", () => {
    socket.binary(batch());
    expect(calls).toEqual([7]);
    expect(malformed).toBe(0);
  });

  it.each([
    "not JSON",
    "null",
    "{}",
    '{"type":"joined"}',
    '{"type":"joined","call":0}',
    '{"type":"joined","call":70000}',
    '{"type":"unknown","call":1}',
    JSON.stringify({ type: "ended", call: 1, errorType: "x".repeat(65), detail: "" }),
  ])("that make no sense are counted and ignored: %s", (text) => {
    socket.text(text);
    socket.binary(Uint8Array.of(1, 2, 3));
    expect(malformed).toBe(2);
    expect(controls).toEqual([]);
    expect(lost).toEqual([]);
  });
});

describe("the heartbeat", () => {
  it("goes out every half second and is answered without bothering anybody", () => {
    live(2_000, BEAT, MAIN_BEAT);
    expect(socket.sent).toEqual([BEAT, BEAT, BEAT, BEAT]);
    expect(controls).toEqual([]);
    expect(malformed).toBe(0);
  });

  it("finds a page that is gone within 3 s", () => {
    vi.advanceTimersByTime(2_500);
    expect(lost).toEqual([]);
    vi.advanceTimersByTime(500);
    expect(lost).toEqual(["Its worker thread is silent"]);
    expect(socket.terminate).toHaveBeenCalled();
  });

  it("finds a hung main thread, though the worker answers", () => {
    live(9_500, BEAT);
    expect(lost).toEqual([]);
    live(500, BEAT);
    expect(lost).toEqual(["Its main thread is silent"]);
  });

  it("finds a dead audio thread, but only while there are calls", () => {
    live(20_000, BEAT, MAIN_BEAT);
    expect(lost).toEqual([]);
    hasCalls = true;
    live(3_000, BEAT, MAIN_BEAT);
    expect(lost).toEqual(["Its audio thread is silent"]);
  });

  it("is satisfied by audio alone, as far as worker and audio go", () => {
    hasCalls = true;
    for (let passed = 0; passed < 9_000; passed += BEAT_MS) {
      socket.binary(batch());
      vi.advanceTimersByTime(BEAT_MS);
    }
    expect(lost).toEqual([]);
  });

  it("gives a page its time when this process was stopped itself", () => {
    live(1_000, BEAT, MAIN_BEAT);
    // A minute later by the clock, but only one look happens before the page's messages are read.
    vi.setSystemTime(Date.now() + 60_000);
    vi.advanceTimersByTime(BEAT_MS);
    socket.text(BEAT);
    expect(lost).toEqual([]);
  });
});

describe("the end", () => {
  it.each(["close", "error"])("by %s of the socket is told once", (event) => {
    socket.emit(event, new Error("reset"));
    socket.emit("close");
    expect(lost).toHaveLength(1);
  });

  it("comes when the page does not read", () => {
    socket.bufferedAmount = MAX_HOST_BACKLOG_BYTES + 1;
    link.batch(batch());
    expect(lost).toEqual(["It does not read"]);
    expect(socket.sent).toEqual([]);
  });

  it("is not told when it was ours", () => {
    link.close();
    socket.emit("close");
    link.control({ type: "open", call: 1 });
    expect(lost).toEqual([]);
    expect(socket.sent).toEqual([]);
  });
});
