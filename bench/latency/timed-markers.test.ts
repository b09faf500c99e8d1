import { expect, test } from "vitest";
import { MARKER_NUMBERS, makeMarker } from "../common/marker.ts";
import { delaysOf, markersIn } from "./timed-markers.ts";

const RATE = 16_000;
const PIECE = 640;

/** Sound with markers at these samples, in pieces of 40 ms, of which number n came at 1,000 + 50 n. */
function timedSound(markers: { number: number; sample: number }[], seconds = 3) {
  const samples = new Float32Array(seconds * RATE);
  for (const { number, sample } of markers) samples.set(makeMarker(number, RATE), sample);
  const pieces = Array.from({ length: samples.length / PIECE }, (_, index) => ({
    atMs: 1_000 + 50 * index,
    samples: PIECE,
  }));
  return { sampleRate: RATE, samples, pieces };
}

test("a marker is there with the piece that has its first sample, be it the piece's first or last", () => {
  const sound = timedSound([
    { number: 1, sample: 0 },
    { number: 2, sample: 10 * PIECE },
    { number: 3, sample: 30 * PIECE - 8 },
    { number: 4, sample: 50 * PIECE + 300 },
  ]);
  expect(markersIn(sound)).toEqual([
    { number: 1, atMs: 1_000 },
    { number: 2, atMs: 1_500 },
    { number: 3, atMs: 2_450 },
    { number: 4, atMs: 3_500 },
  ]);
});

test("a marker's end is there with the piece that has its last sample", () => {
  // 100 ms are two and a half pieces.
  const sound = timedSound([
    { number: 1, sample: 0 },
    { number: 2, sample: 10 * PIECE + PIECE / 2 },
    { number: 3, sample: 30 * PIECE + PIECE / 2 + 8 },
  ]);
  expect(markersIn(sound, { at: "end" })).toEqual([
    { number: 1, atMs: 1_100 },
    { number: 2, atMs: 1_600 },
    { number: 3, atMs: 2_650 },
  ]);
});

test("a marker whose piece is not known is left out", () => {
  const sound = timedSound([
    { number: 1, sample: 100 },
    { number: 2, sample: 40_000 },
  ]);
  expect(markersIn({ ...sound, pieces: sound.pieces.slice(0, 20) })).toEqual([{ number: 1, atMs: 1_000 }]);
});

test("delays are from each marker said to the first of its number that is heard after it", () => {
  const said = Array.from({ length: 2 * MARKER_NUMBERS }, (_, index) => ({
    number: index % MARKER_NUMBERS,
    atMs: index * 500,
  }));
  const heard = said.map(({ number, atMs }) => ({ number, atMs: atMs + 60 + number / 10 }));
  expect(delaysOf(said, heard).lost).toBe(0);
  for (const [index, ms] of delaysOf(said, heard).ms.entries()) {
    expect(ms).toBeCloseTo(60 + (index % MARKER_NUMBERS) / 10, 6);
  }
});

test("a marker that is not heard is lost, and not taken for an earlier or much later one", () => {
  const said = [
    { number: 5, atMs: 10_000 },
    { number: 6, atMs: 10_500 },
  ];
  const heard = [
    { number: 5, atMs: 9_999 },
    { number: 5, atMs: 12_000 },
    { number: 6, atMs: 10_570 },
  ];
  expect(delaysOf(said, heard)).toEqual({ ms: [70], lost: 1 });
});
