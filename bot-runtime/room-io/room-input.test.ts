import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import type { VoiceEvents } from "../vad/voice-detector.ts";
import { RoomInput } from "./room-input.ts";

/** Tells what is written in a frame's first sample, and stops when the audio pauses, as detectors do. */
class ScriptedDetector {
  closed = false;
  readonly #events: VoiceEvents;
  #speaks = false;

  constructor(events: VoiceEvents) {
    this.#events = events;
  }

  audio(pcm: Int16Array): void {
    if (pcm[0] === ONSET[0]) this.#events.onset();
    if (pcm[0] === STARTS[0]) this.start();
    if (pcm[0] === STOPS[0]) this.pause();
  }

  start(): void {
    this.#speaks = true;
    this.#events.started({ beganAtMs: 0, atMs: 0 });
  }

  pause(): void {
    if (this.#speaks) this.#events.stopped({ atMs: 0 });
    this.#speaks = false;
  }

  close(): void {
    this.closed = true;
  }
}

const QUIET = new Int16Array(320);
const [ONSET, STARTS, STOPS] = [frameOf(1), frameOf(2), frameOf(3)];

function frameOf(sample: number): Int16Array {
  return new Int16Array(320).fill(sample);
}

function times(count: number, run: () => void): void {
  for (let i = 0; i < count; i += 1) run();
}

function setUp() {
  const detectors: ScriptedDetector[] = [];
  const input = new RoomInput((events) => {
    const detector = new ScriptedDetector(events);
    detectors.push(detector);
    return detector;
  });
  if (detectors.length > 0) throw new Error("The input opened a detector before it was started.");
  const run = runProcessor(input);
  const [detector] = detectors;
  if (!detector) throw new Error("The input opened no detector.");
  return { input, detector, ...run };
}

describe("RoomInput", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("passes all audio on, and before it what is known of it at once", () => {
    const { input, down } = setUp();
    for (const pcm of [QUIET, ONSET, STARTS, STOPS, QUIET]) input.audio(pcm);
    expect(typesOf(down)).toEqual([
      "input-audio",
      "user-speech-onset",
      "input-audio",
      "user-started-speaking",
      "input-audio",
      "user-stopped-speaking",
      "input-audio",
      "input-audio",
    ]);
  });

  it("says what is known of the audio later, when it is", () => {
    const { input, detector, down } = setUp();
    input.audio(QUIET);
    detector.start();
    expect(typesOf(down)).toEqual(["input-audio", "user-started-speaking"]);
  });

  it("ends speech when a muted microphone sends nothing for a second", () => {
    const { input, down } = setUp();
    input.audio(STARTS);
    vi.advanceTimersByTime(999);
    expect(typesOf(down)).not.toContain("user-stopped-speaking");
    vi.advanceTimersByTime(1);
    expect(typesOf(down).slice(-2)).toEqual(["user-stopped-speaking", "input-audio-paused"]);
  });

  it("tells of each pause once, also of one in silence", () => {
    const { input, down } = setUp();
    const pauses = () => typesOf(down).filter((type) => type === "input-audio-paused").length;
    vi.advanceTimersByTime(5_000);
    expect(pauses()).toBe(0);
    input.audio(QUIET);
    vi.advanceTimersByTime(5_000);
    expect(pauses()).toBe(1);
    input.audio(QUIET);
    vi.advanceTimersByTime(1_000);
    expect(pauses()).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits that second from the last frame, not from the first", () => {
    const { input, down } = setUp();
    input.audio(STARTS);
    times(5, () => {
      vi.advanceTimersByTime(900);
      input.audio(QUIET);
    });
    expect(typesOf(down)).not.toContain("user-stopped-speaking");
  });

  it("hands on app messages with their sender", () => {
    const { input, down } = setUp();
    input.appMessage({ a: 1 }, "client-1");
    expect(down).toEqual([{ type: "app-message", data: { a: 1 }, fromId: "client-1" }]);
  });

  it("leaves neither timer nor detector behind and takes nothing more after stop", () => {
    const { input, detector, down, stop } = setUp();
    input.audio(STARTS);
    stop();
    const count = down.length;
    input.audio(QUIET);
    detector.pause();
    expect(down).toHaveLength(count);
    expect(detector.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
