import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Delivery, planDelivery, type Step } from "./delivery.ts";

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
    new Delivery(planDelivery([{ pcm: ms(680), text: "" }]), (step) => {
      performed.push([performance.now() - start, step.kind]);
    }).start();
    expect(performed).toHaveLength(1);
    vi.runAllTimers();
    expect(performed).toEqual([
      [0, "sound"],
      [50, "sound"],
      [110, "sound"],
      [110, "generated"],
      [680, "played"],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("performs nothing after cancel, not even what is due in the same moment", () => {
    const performed: string[] = [];
    const delivery = new Delivery(planDelivery([{ pcm: ms(200), text: "one two" }]), (step) => {
      performed.push(step.kind);
      if (performed.length === 2) delivery.cancel();
    });
    delivery.start();
    vi.runAllTimers();
    expect(performed).toEqual(["words", "words"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
