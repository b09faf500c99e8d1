import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame } from "../pipeline/frame.ts";
import type { Processor, Push } from "../pipeline/processor.ts";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import { GreetingGate } from "./greeting-gate.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A model that says what it is made to. */
class Model implements Processor {
  readonly name = "Model";
  readonly got: Frame["type"][] = [];
  push: Push | undefined;
  stopped = false;

  start(push: Push): void {
    this.push = push;
  }

  stop(): void {
    this.stopped = true;
  }

  process(frame: Frame, direction: "down" | "up", push: Push): void {
    this.got.push(frame.type);
    if (frame.type !== "input-audio") push(frame, direction);
  }
}

const SECOND = new Int16Array(24_000);
const ready: Frame = { type: "client-ready", version: "2.1.0", first: true };
const answer = (generation: number, seconds = 2): Frame[] => [
  { type: "answer-started", generation },
  { type: "answer-text", generation, text: "Hello." },
  ...Array.from({ length: seconds }, (): Frame => ({ type: "answer-audio", generation, pcm: SECOND })),
  { type: "answer-generated", generation },
];
const ended = (generation: number): Frame => ({ type: "answer-ended", generation, interrupted: false });

function setUp() {
  const model = new Model();
  const seen: Frame[] = [];
  const overflowed = vi.fn();
  const usage = vi.fn();
  const gate = new GreetingGate(model, { overflowed, usage });
  const run = runProcessor(gate, [{ onFrame: (frame) => seen.push(frame) }]);
  const says = (...frames: Frame[]) => {
    for (const frame of frames) model.push?.(frame, "down");
  };
  return { ...run, gate, model, seen, says, overflowed, usage };
}

describe("GreetingGate", () => {
  it("keeps an answer until the client is ready; nobody along the chain knows of it before", () => {
    const { says, down, seen, sendDown } = setUp();
    says({ type: "first-audio", processor: "Model", ttfbMs: 9 }, ...answer(1), ended(1));
    expect(down).toEqual([]);
    expect(seen).toEqual([]);
    sendDown(ready);
    const whole = ["first-audio", "answer-started", "answer-text", "answer-audio", "answer-audio"];
    expect(typesOf(down)).toEqual(["client-ready", ...whole, "answer-generated", "answer-ended"]);
    expect(typesOf(seen)).toEqual(typesOf(down));
  });

  it("lets the rest of an answer follow that is made while the client becomes ready", () => {
    const { says, down, sendDown } = setUp();
    const frames = answer(1);
    says(...frames.slice(0, 3));
    sendDown(ready);
    says(...frames.slice(3), ended(1));
    expect(down.slice(1)).toEqual([...frames, ended(1)]);
  });

  it("releases it once, whoever opens", () => {
    const { gate, says, down, sendDown } = setUp();
    says(...answer(1));
    gate.open();
    gate.open();
    sendDown(ready);
    expect(typesOf(down).filter((type) => type === "answer-started")).toHaveLength(1);
  });

  it("keeps the microphone from the model until then, and no other word", () => {
    const { model, sendDown, down } = setUp();
    sendDown({ type: "input-audio", pcm: SECOND });
    sendDown({ type: "user-started-speaking" });
    sendDown({ type: "turn-mode", mode: "manual" });
    sendDown({ type: "say", purpose: "idle", request: "…" });
    expect(model.got).toEqual(["turn-mode", "say"]);
    expect(typesOf(down)).toEqual(["user-started-speaking", "turn-mode", "say"]);
    sendDown(ready);
    sendDown({ type: "input-audio", pcm: SECOND });
    expect(model.got.slice(-2)).toEqual(["client-ready", "input-audio"]);
  });

  it("tells failures and the model's state at once", () => {
    const { says, down } = setUp();
    says({ type: "assistant-status", status: { kind: "away" } });
    says({ type: "failed", reason: "gemini_failed", detail: "gone" });
    expect(typesOf(down)).toEqual(["assistant-status", "failed"]);
  });

  it("keeps both halves of a greeting that a lost connection cut, since nobody has interrupted it", () => {
    const { says, down, sendDown } = setUp();
    says(...answer(1, 1).slice(0, 3), { type: "answer-interrupted", generation: 1 });
    says({ type: "answer-ended", generation: 1, interrupted: true });
    says(...answer(2, 1), ended(2));
    sendDown(ready);
    expect(typesOf(down)).not.toContain("answer-interrupted");
    expect(down).toContainEqual(ended(1));
    expect(down).toContainEqual(ended(2));
  });

  it("cancels it when the user speaks over it, which a model cannot know that is done with it", () => {
    const { says, down, sendDown } = setUp();
    says(...answer(1), ended(1));
    vi.advanceTimersByTime(30_000);
    sendDown(ready);
    vi.advanceTimersByTime(1_000);
    sendDown({ type: "user-started-speaking" });
    sendDown({ type: "user-started-speaking" });
    expect(down.filter(({ type }) => type === "answer-interrupted")).toEqual([
      { type: "answer-interrupted", generation: 1 },
    ]);
  });

  it.each([
    ["it was heard to its end", 2_500, true],
    ["the model is not done with it, and will say so itself", 1_000, false],
  ])("does not cancel it when %s", (_why, afterMs, modelEnded) => {
    const { says, down, sendDown } = setUp();
    says(...answer(1));
    if (modelEnded) says(ended(1));
    sendDown(ready);
    vi.advanceTimersByTime(afterMs);
    sendDown({ type: "user-started-speaking" });
    expect(typesOf(down)).not.toContain("answer-interrupted");
  });

  it("leaves later answers to the model", () => {
    const { says, down, sendDown } = setUp();
    sendDown(ready);
    says(...answer(1), ended(1));
    sendDown({ type: "user-started-speaking" });
    expect(typesOf(down)).not.toContain("answer-interrupted");
  });

  it("tells of tokens at once to whom it may concern", () => {
    const { says, usage, down } = setUp();
    const used = { promptTokens: 1, responseTokens: 2, totalTokens: 3 };
    says({ type: "usage", usage: used });
    expect(usage).toHaveBeenCalledWith(used);
    expect(down).toEqual([]);
  });

  it("keeps a bounded length of it, and says so once", () => {
    const { says, sendDown, down, overflowed } = setUp();
    says(...answer(1, 90), ended(1));
    sendDown(ready);
    expect(down.filter(({ type }) => type === "answer-audio")).toHaveLength(60);
    expect(down.at(-1)).toEqual(ended(1));
    expect(overflowed).toHaveBeenCalledOnce();
  });

  it("stops the model with itself, and says no more", () => {
    const { model, says, stop, down } = setUp();
    says(...answer(1));
    stop();
    expect(model.stopped).toBe(true);
    expect(down).toEqual([]);
  });
});
