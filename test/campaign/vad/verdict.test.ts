import { expect, it } from "vitest";
import type { Heard } from "./hear.ts";
import { complaintsOf, figuresOf, quantile } from "./verdict.ts";

const SPEECH = { level: "clean", fromMs: 1_000, toMs: 2_000 } as const;

function heard(parts: Partial<Heard> & { silent?: true } = {}): Heard {
  const { silent, ...rest } = parts;
  const scene = {
    name: silent ? "hum" : "de-1",
    pcm: new Int16Array(320),
    ...(silent ? {} : { speech: SPEECH }),
  };
  const starts = silent ? [] : [{ beganAtMs: 1_010, atMs: 1_220 }];
  return { scene, onsets: [], starts, stops: silent ? [] : [2_250], highestProbability: 1, ...rest };
}

const complaints = (...all: Heard[]) => complaintsOf(figuresOf(all));

it("has nothing against a start and a stop where they should be, nor against a pause within a sentence", () => {
  const paused = heard({
    starts: [
      { beganAtMs: 1_010, atMs: 1_220 },
      { beganAtMs: 1_600, atMs: 1_800 },
    ],
    stops: [1_500, 2_250],
  });
  expect(complaints(heard(), heard({ silent: true }), paused)).toEqual([]);
  expect(figuresOf([paused]).levels[0]).toMatchObject({ splits: 1, startMs: [220], stopMs: [250] });
});

it.each([
  ["Missed at clean: de-1.", heard({ starts: [], stops: [] })],
  ["Without a stop at clean: 1.", heard({ stops: [1_500] })],
  ["95 % of the starts are told within 321 ms only.", heard({ starts: [{ beganAtMs: 1_010, atMs: 1_321 }] })],
  ["Taken for speech: hum, 1 times.", heard({ silent: true, starts: [{ beganAtMs: 0, atMs: 200 }] })],
])("complains: %s", (complaint, scene) => {
  expect(complaints(scene)).toEqual([complaint]);
});

it.each([
  ["before", 700, 900],
  ["after", 2_301, 2_500],
])("complains of a start %s the sentence", (_when, beganAtMs, atMs) => {
  const { starts } = heard();
  expect(complaints(heard({ starts: [...starts, { beganAtMs, atMs }] }))).toEqual([
    "False starts at clean: 1.",
  ]);
});

it("adds up what one kind of noise was taken for", () => {
  const loud = heard({
    silent: true,
    starts: [{ beganAtMs: 0, atMs: 200 }],
    onsets: [100],
    highestProbability: 0.9,
  });
  const { noises } = figuresOf([loud, heard({ silent: true }), heard()]);
  expect(noises).toEqual([{ name: "hum", seconds: 0.04, falseStarts: 1, onsets: 1, highestProbability: 1 }]);
});

it("takes quantiles from what there is", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1)]).toEqual([50, 95, 100]);
  expect(quantile([7], 0.95)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});
