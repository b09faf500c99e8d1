import { expect, test } from "vitest";
import { randomOf } from "../../../test/support/random.ts";
import { type SoundEdge, SoundEdges } from "./sound-edges.ts";

const RATE = 48_000;
const HOLD_MS = 100;

/** A tone in each of the spans, in ms. */
function tones(lengthMs: number, spans: [number, number][], level = 0.3): Float32Array {
  return Float32Array.from({ length: (RATE * lengthMs) / 1000 }, (_, index) => {
    const ms = (index * 1000) / RATE;
    return spans.some(([from, to]) => ms >= from && ms < to) ? level * Math.sin(0.1 * index) : 0;
  });
}

function edgesOf(samples: Float32Array): { kind: string; atMs: number }[] {
  const edges = new SoundEdges({ sampleRate: RATE, holdMs: HOLD_MS });
  const random = randomOf(2);
  const found: SoundEdge[] = [];
  for (let at = 0; at < samples.length; ) {
    const length = Math.floor(random() * 2_000);
    found.push(...edges.push(samples.subarray(at, at + length)));
    at += length;
  }
  return found.map(({ kind, atSample }) => ({ kind, atMs: (atSample * 1000) / RATE }));
}

test("tells where sound begins and ends, to the millisecond, and takes a short pause for a part of it", () => {
  expect(
    edgesOf(
      tones(1_000, [
        [50, 200],
        [250, 400],
        [700, 800],
      ]),
    ),
  ).toEqual([
    { kind: "sound", atMs: 50 },
    { kind: "silence", atMs: 400 },
    { kind: "sound", atMs: 700 },
    { kind: "silence", atMs: 800 },
  ]);
});

test("an end is told only once the silence has lasted", () => {
  expect(edgesOf(tones(299, [[100, 200]]))).toEqual([{ kind: "sound", atMs: 100 }]);
  expect(edgesOf(tones(300, [[100, 200]]))).toHaveLength(2);
});

test("what a codec leaves of silence is silence", () => {
  const random = randomOf(9);
  const hiss = Float32Array.from({ length: RATE }, () => (random() - 0.5) * 0.002);
  expect(edgesOf(hiss)).toEqual([]);
});
