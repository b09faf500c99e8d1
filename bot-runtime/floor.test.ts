import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Floor } from "./floor.ts";
import type { Frame } from "./pipeline/frame.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const floor = new Floor();
  const see = (...frames: Frame[]) => {
    for (const frame of frames) floor.onFrame(frame);
  };
  return { floor, see };
}

const pcm = new Int16Array(240);
const spoken = (generation: number): Frame[] => [
  { type: "answer-started", generation },
  { type: "answer-audio", generation, pcm },
  { type: "bot-started-speaking", generation },
];
const stopped = (generation: number, interrupted = false): Frame => ({
  type: "bot-stopped-speaking",
  generation,
  playedMs: 10,
  interrupted,
});
const ended = (generation: number): Frame => ({ type: "answer-ended", generation, interrupted: false });

describe("Floor", () => {
  it("is free while nobody speaks", () => {
    const { floor } = setUp();
    expect(floor.isFree).toBe(true);
    expect(floor.botSpeaks).toBe(false);
  });

  it("is the user's while they speak, and the bot's when an answer follows", () => {
    const { floor, see } = setUp();
    see({ type: "user-started-speaking" });
    expect(floor.isFree).toBe(false);
    see({ type: "user-stopped-speaking" });
    expect(floor.isFree).toBe(false);
    vi.advanceTimersByTime(800);
    see(...spoken(1), ended(1));
    expect(floor.isFree).toBe(false);
    expect(floor.botSpeaks).toBe(true);
    see(stopped(1));
    expect(floor.isFree).toBe(true);
    expect(floor.botSpeaks).toBe(false);
  });

  it("is free again 5 s after words that had no answer", () => {
    const { floor, see } = setUp();
    see({ type: "user-started-speaking" }, { type: "user-stopped-speaking" });
    vi.advanceTimersByTime(4_999);
    expect(floor.isFree).toBe(false);
    vi.advanceTimersByTime(1);
    expect(floor.isFree).toBe(true);
  });

  it("is the bot's from the first audio on, before any of it is heard, and as long as more is to come", () => {
    const { floor, see } = setUp();
    see({ type: "answer-started", generation: 1 });
    expect(floor.botSpeaks).toBe(false);
    expect(floor.isFree).toBe(false);
    see({ type: "answer-audio", generation: 1, pcm });
    expect(floor.botSpeaks).toBe(true);
    see({ type: "bot-started-speaking", generation: 1 }, stopped(1));
    expect(floor.botSpeaks).toBe(false);
    expect(floor.isFree).toBe(false);
    see(ended(1));
    expect(floor.isFree).toBe(true);
  });

  it("stays the bot's between two answers of which the second waits to be heard", () => {
    const { floor, see } = setUp();
    see(...spoken(1), ended(1), { type: "answer-started", generation: 2 });
    see({ type: "answer-audio", generation: 2, pcm }, ended(2), stopped(1));
    expect(floor.botSpeaks).toBe(true);
    see({ type: "bot-started-speaking", generation: 2 }, stopped(2));
    expect(floor.isFree).toBe(true);
  });

  it("is not the bot's when its answer was cancelled before it was heard", () => {
    const { floor, see } = setUp();
    see({ type: "answer-started", generation: 1 }, { type: "answer-audio", generation: 1, pcm });
    see({ type: "answer-interrupted", generation: 1 }, ended(1));
    expect(floor.botSpeaks).toBe(false);
    expect(floor.isFree).toBe(true);
  });
});
