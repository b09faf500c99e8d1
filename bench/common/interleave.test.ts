import { expect, test } from "vitest";
import { interleave } from "./interleave.ts";

test("each round measures everything, every second one backwards", async () => {
  const order: string[] = [];
  const measure = (name: string) => async (round: number) => {
    order.push(`${name}${round}`);
    return round;
  };
  const samples = await interleave({
    rounds: 3,
    measurements: { ours: measure("ours"), floor: measure("floor") },
    options: { progress: () => {}, signal: new AbortController().signal },
  });
  expect(order).toEqual(["ours0", "floor0", "floor1", "ours1", "ours2", "floor2"]);
  expect(samples).toEqual({ ours: [0, 1, 2], floor: [0, 1, 2] });
});

test("a measurement may have several samples, and says which one is made", async () => {
  const told: string[] = [];
  const samples = await interleave({
    rounds: 2,
    measurements: { many: async (round) => [round, round + 10] },
    options: { progress: (text) => told.push(text), signal: new AbortController().signal },
  });
  expect(samples).toEqual({ many: [0, 10, 1, 11] });
  expect(told).toEqual(["round 1 of 2: many", "round 2 of 2: many"]);
});

test("nothing is measured any more once it was stopped", async () => {
  const stop = new AbortController();
  const measured: number[] = [];
  const measuring = interleave({
    rounds: 5,
    measurements: {
      it: async (round) => {
        measured.push(round);
        if (round === 1) stop.abort(new Error("Stopped"));
        return 0;
      },
    },
    options: { progress: () => {}, signal: stop.signal },
  });
  await expect(measuring).rejects.toThrow("Stopped");
  expect(measured).toEqual([0, 1]);
});
