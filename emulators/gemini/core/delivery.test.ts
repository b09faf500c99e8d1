import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Segment } from "./answer.ts";
import { Delivery, planDelivery as planAt, type Step } from "./delivery.ts";
import { Pace } from "./pace.ts";
import { Random } from "./random.ts";

const planDelivery = (segments: readonly Segment[], pace: Partial<Pace> = {}) =>
  planAt(segments, { pace: Pace.parse(pace), random: new Random(1) });

const ms = (duration: number) => new Int16Array(duration * 24);
const brief = (step: Step) => {
  if (step.kind === "sound") return `${step.pcm.length / 24} ms`;
  return step.kind === "words" ? step.text : step.kind;
};

describe("planDelivery", () => {
  test("sends 200 ms, then pieces of 240 ms, four times as fast as they play", () => {
    expect(planDelivery([{ pcm: ms(1000), text: "" }]).map(({ atMs, step }) => [atMs, brief(step)])).toEqual([
      [0, "200 ms"],
      [50, "240 ms"],
      [110, "240 ms"],
      [170, "240 ms"],
      [230, "80 ms"],
      [230, "generated"],
      [1000, "played"],
    ]);
  });

  test("sends words before the sound that says them, and none after all is generated", () => {
    const plan = planDelivery([
      { pcm: ms(400), text: "You said:" },
      { pcm: ms(100), text: "" },
      { pcm: ms(100), text: "a b" },
    ]);
    expect(plan.map(({ atMs, step }) => [atMs, brief(step)])).toEqual([
      [0, "You"],
      [0, "200 ms"],
      [50, " said:"],
      [50, "240 ms"],
      [110, "a"],
      [110, " b"],
      [110, "160 ms"],
      [110, "generated"],
      [600, "played"],
    ]);
  });

  test("of nothing is over at once", () => {
    expect(planDelivery([]).map(({ atMs, step }) => [atMs, step.kind])).toEqual([
      [0, "generated"],
      [0, "played"],
    ]);
  });
});

describe("Delivery", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("performs each step at its time, and leaves no timer", () => {
    const start = performance.now();
    const performed: [number, string][] = [];
    new Delivery(planDelivery([{ pcm: ms(680), text: "" }]), (steps) => {
      performed.push([performance.now() - start, steps.map(({ kind }) => kind).join(" ")]);
    }).start();
    expect(performed).toHaveLength(1);
    vi.runAllTimers();
    expect(performed).toEqual([
      [0, "sound"],
      [50, "sound"],
      [110, "sound generated"],
      [680, "played"],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("performs nothing after cancel, and gives back what was still to come", () => {
    const performed: string[] = [];
    const delivery = new Delivery(planDelivery([{ pcm: ms(680), text: "one two" }]), (steps) => {
      performed.push(...steps.map(({ kind }) => kind));
    });
    delivery.start();
    vi.advanceTimersByTime(60);
    const rest = delivery.cancel();
    vi.runAllTimers();
    expect(performed).toEqual(["words", "sound", "words", "sound"]);
    expect(rest.map(({ kind }) => kind)).toEqual(["sound", "generated", "played"]);
    expect(delivery.cancel()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("keeps moments apart that a late timer brings together", () => {
    const performed: string[][] = [];
    new Delivery(planDelivery([{ pcm: ms(680), text: "" }]), (steps) => {
      performed.push(steps.map(({ kind }) => kind));
    }).start();
    vi.setSystemTime(Date.now() + 1);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
    vi.advanceTimersByTime(60);
    expect(performed).toEqual([["sound"], ["sound"], ["sound", "generated"], ["played"]]);
    vi.restoreAllMocks();
  });
});

describe("the pace", () => {
  const times = (pace: Partial<Pace>) =>
    planDelivery([{ pcm: ms(1000), text: "" }], pace)
      .filter(({ step }) => step.kind === "sound")
      .map(({ atMs }) => atMs);

  test("sets the size of the pieces and how fast they come", () => {
    expect(times({ chunkMs: 500, speed: 1 })).toEqual([0, 500]);
  });

  test("slower than real time, the answer has been heard with its last piece", () => {
    const plan = planDelivery([{ pcm: ms(1000), text: "" }], { chunkMs: 500, speed: 0.25 });
    expect(plan.map(({ atMs, step }) => [atMs, step.kind])).toEqual([
      [0, "sound"],
      [2000, "sound"],
      [2000, "generated"],
      [2000, "played"],
    ]);
  });

  test("with jitter is late by up to that much, in order, and the same for the same seed", () => {
    const jittered = times({ chunkMs: 100, speed: 1, jitterMs: 250 });
    expect(jittered).toEqual(times({ chunkMs: 100, speed: 1, jitterMs: 250 }));
    expect(jittered).toEqual(jittered.toSorted((a, b) => a - b));
    expect(new Set(jittered.map((atMs, i) => atMs - i * 100)).size).toBeGreaterThan(5);
    for (const [i, atMs] of jittered.entries()) {
      expect(atMs).toBeGreaterThanOrEqual(i * 100);
      expect(atMs).toBeLessThanOrEqual(i * 100 + 250);
    }
  });

  test("sends a word that begins with the last sample, or that has no sound at all", () => {
    const silentWord = planDelivery([{ pcm: ms(0), text: "one two" }]);
    expect(silentWord.map(({ step }) => brief(step))).toEqual(["one", " two", "generated", "played"]);
  });
});
