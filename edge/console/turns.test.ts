import { expect, it } from "vitest";
import { MAX_TURNS, medianLatencyMs, NO_TURNS, nextTurns, type TurnEvent, type Turns } from "./turns.ts";

type Timed = readonly [atMs: number, event: TurnEvent];
const userStarts = (at: number): Timed => [at, { type: "user-started-speaking" }];
const userStops = (at: number): Timed => [at, { type: "user-stopped-speaking" }];
const botStarts = (at: number): Timed => [at, { type: "bot-started-speaking" }];
const ttfb = (at: number, ms: number): Timed => [at, { type: "bot-ttfb", ms }];

function resultOf(...events: Timed[]): Turns {
  return events.reduce((turns, [atMs, event]) => nextTurns(turns, event, atMs), NO_TURNS);
}

it("measures from the end of the user's speech to the answer's first sound", () => {
  const turns = resultOf(userStarts(0), userStops(1_000), botStarts(1_640));
  expect(turns.done).toEqual([{ number: 1, latencyMs: 640 }]);
  expect(turns.waiting).toBeUndefined();
});

it("counts from the last end when the user went on speaking", () => {
  const turns = resultOf(userStops(1_000), userStarts(1_200), userStops(3_000), botStarts(3_500));
  expect(turns.done).toEqual([{ number: 1, latencyMs: 500 }]);
});

it("measures no answer to which nothing was said, as the greeting", () => {
  expect(resultOf(botStarts(500), userStarts(800), botStarts(900)).done).toEqual([]);
});

it("adds what the bot measured, whether it comes before the sound or after it", () => {
  expect(resultOf(userStops(0), ttfb(300, 280), botStarts(400)).done).toEqual([
    { number: 1, latencyMs: 400, ttfbMs: 280 },
  ]);
  expect(resultOf(userStops(0), botStarts(400), ttfb(410, 280)).done).toEqual([
    { number: 1, latencyMs: 400, ttfbMs: 280 },
  ]);
  expect(resultOf(ttfb(10, 280))).toBe(NO_TURNS);
});

it("keeps the newest turns, under their own numbers", () => {
  const events = Array.from({ length: MAX_TURNS + 3 }, (_, i) => [userStops(i * 10), botStarts(i * 10 + 5)]);
  const { done } = resultOf(...events.flat());
  expect(done).toHaveLength(MAX_TURNS);
  expect([done[0]?.number, done.at(-1)?.number]).toEqual([4, MAX_TURNS + 3]);
});

it("knows the median", () => {
  const latencies = (...all: number[]) => resultOf(...all.flatMap((ms) => [userStops(0), botStarts(ms)]));
  expect(medianLatencyMs(NO_TURNS)).toBeUndefined();
  expect(medianLatencyMs(latencies(900, 100, 500))).toBe(500);
  expect(medianLatencyMs(latencies(900, 100, 500, 700))).toBe(600);
});
