import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TurnSummary } from "../../protocol/session.ts";
import type { Frame, TurnMetrics } from "../pipeline/frame.ts";
import { runProcessor } from "../testing/run-processor.ts";
import { TurnMeter } from "./turn-meter.ts";
import { SessionTurns, TurnTotals } from "./turn-summary.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const meter = new TurnMeter();
  const measured: TurnMetrics[] = [];
  const { sendDown } = runProcessor(meter, [
    meter,
    {
      onFrame: (frame) => {
        if (frame.type !== "turn-metrics") return;
        const { type: _, ...metrics } = frame;
        measured.push(metrics);
      },
    },
  ]);
  const at = (ms: number, frame: Frame) => {
    vi.advanceTimersByTime(ms - Date.now());
    sendDown(frame);
  };
  return { at, measured };
}

const started = (generation: number): Frame => ({ type: "bot-started-speaking", generation });
const stopped = (generation: number, interrupted = false): Frame => ({
  type: "bot-stopped-speaking",
  generation,
  playedMs: 1,
  interrupted,
});

describe("TurnMeter", () => {
  it("measures from the end of the user's turn to the first byte and to the first sound", () => {
    const { at, measured } = setUp();
    at(1_000, { type: "user-stopped-speaking" });
    at(1_400, { type: "first-audio", processor: "GeminiLive", ttfbMs: 400 });
    at(1_450, started(1));
    expect(measured).toEqual([{ turn: 1, ttfbMs: 400, responseMs: 450 }]);
  });

  it("measures what the model has done for a turn, whether it is heard sooner or later", () => {
    const { at, measured } = setUp();
    at(1_000, { type: "user-stopped-speaking" });
    at(1_400, { type: "first-audio", processor: "GeminiLive", ttfbMs: 400 });
    at(1_500, { type: "answer-generated", generation: 1 });
    at(1_550, started(1));
    at(3_000, { type: "user-stopped-speaking" });
    at(3_300, { type: "first-audio", processor: "GeminiLive", ttfbMs: 300 });
    at(3_350, started(2));
    at(4_000, { type: "answer-generated", generation: 2 });
    expect(measured.filter(({ processingMs }) => processingMs)).toEqual([
      { turn: 1, processingMs: 500 },
      { turn: 2, processingMs: 1_000 },
    ]);
  });

  it("knows nothing of that where the user went on, or has not asked", () => {
    const { at, measured } = setUp();
    at(0, { type: "first-audio", processor: "GeminiLive", ttfbMs: 100 });
    at(100, { type: "answer-generated", generation: 1 });
    at(1_000, { type: "user-stopped-speaking" });
    at(1_400, { type: "first-audio", processor: "GeminiLive", ttfbMs: 400 });
    at(1_500, { type: "user-stopped-speaking" });
    at(1_600, { type: "answer-generated", generation: 2 });
    expect(measured).toEqual([]);
  });

  it("takes the newest end of the user's words, written ones too, and no greeting for a turn", () => {
    const { at, measured } = setUp();
    at(100, { type: "first-audio", processor: "GeminiLive", ttfbMs: 100 });
    at(200, started(1));
    at(900, stopped(1));
    at(1_000, { type: "user-stopped-speaking" });
    at(2_000, { type: "user-stopped-speaking" });
    at(2_500, started(2));
    at(3_000, stopped(2));
    at(4_000, { type: "user-message", text: "Hi", respond: false });
    at(4_500, { type: "user-message", text: "Hi", respond: true });
    at(5_000, started(3));
    expect(measured).toEqual([
      { turn: 1, responseMs: 500 },
      { turn: 2, responseMs: 500 },
    ]);
  });

  it("measures an interruption from the user's first sound to the bot's silence", () => {
    const { at, measured } = setUp();
    at(0, started(1));
    at(1_000, { type: "user-speech-onset" });
    at(5_000, { type: "user-speech-onset" });
    at(5_300, { type: "user-speech-onset" });
    at(5_400, stopped(1, true));
    expect(measured).toEqual([{ turn: 0, interruptionMs: 400 }]);
  });

  it("knows of no interruption where nothing was heard, or nobody spoke", () => {
    const { at, measured } = setUp();
    at(0, { type: "user-speech-onset" });
    at(100, started(1));
    at(200, stopped(1, true));
    at(300, { type: "user-speech-onset" });
    at(400, started(2));
    at(500, stopped(2));
    expect(measured).toEqual([]);
  });

  it("tells the tokens of each turn from their sums", () => {
    const { at, measured } = setUp();
    const sum = (promptTokens: number, responseTokens: number): Frame => ({
      type: "usage",
      usage: { promptTokens, responseTokens, totalTokens: promptTokens + responseTokens },
    });
    at(0, sum(10, 20));
    at(1_000, { type: "user-stopped-speaking" });
    at(1_500, started(1));
    at(2_000, sum(15, 50));
    expect(measured.map(({ turn, usage }) => [turn, usage?.totalTokens])).toEqual([
      [0, 30],
      [1, undefined],
      [1, 35],
    ]);
  });
});

describe("SessionTurns", () => {
  it("has nothing to tell before the first turn", () => {
    const turns = new SessionTurns();
    turns.add({ turn: 0, usage: { promptTokens: 1, responseTokens: 1, totalTokens: 2 } });
    expect(turns.summary).toBeUndefined();
  });

  it("counts turns and interruptions, and has the median of the responses", () => {
    const turns = new SessionTurns();
    for (const [index, responseMs] of [900, 300, 500.4, 400, 800].entries()) {
      turns.add({ turn: index + 1, responseMs });
    }
    turns.add({ turn: 5, interruptionMs: 200 });
    expect(turns.summary).toEqual({ count: 5, interrupted: 1, medianResponseMs: 500 });
  });

  it("counts the steps against a silent model, also when it was silent from the beginning", () => {
    const turns = new SessionTurns();
    for (const step of ["nudge", "resume", "nudge"] as const) turns.muted(step);
    const { summary } = turns;
    expect(TurnSummary.parse(summary)).toEqual({
      count: 0,
      interrupted: 0,
      muteSteps: { nudge: 2, resume: 1 },
    });
    turns.muted("fresh");
    expect(summary?.muteSteps).not.toHaveProperty("fresh");
  });
});

describe("TurnTotals", () => {
  it("adds up what all sessions measure", () => {
    const totals = new TurnTotals();
    totals.add({ turn: 1, responseMs: 400 });
    totals.add({ turn: 1, responseMs: 600 });
    totals.add({ turn: 1, interruptionMs: 150 });
    totals.add({ turn: 1, usage: { promptTokens: 1, responseTokens: 1, totalTokens: 2 } });
    totals.muted("told");
    expect({ ...totals }).toEqual({
      turns: 2,
      responseMs: 1_000,
      interruptions: 1,
      interruptionMs: 150,
      muteSteps: { told: 1 },
    });
  });
});
