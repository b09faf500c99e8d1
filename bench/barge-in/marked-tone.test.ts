import { expect, test } from "vitest";
import { findMarkers, MARKER_MS } from "../common/marker.ts";
import { SoundEdges } from "../common/page/sound-edges.ts";
import { markedTone } from "./marked-tone.ts";

test.each([24_000, 48_000])(
  "at %d Hz it begins with its marker, and ends at its last millisecond",
  (sampleRate) => {
    const samples = markedTone({ number: 9, ms: 500, sampleRate });
    expect(samples).toHaveLength(sampleRate / 2);
    const [found, ...more] = findMarkers({ sampleRate, samples });
    expect(more).toEqual([]);
    expect(found?.number).toBe(9);
    expect(found?.atMs).toBeCloseTo(0, 0);
    const edges = new SoundEdges({ sampleRate, holdMs: 300 });
    const told = edges.push(Float32Array.from([...samples, ...new Float32Array(sampleRate)]));
    expect(told.map(({ kind }) => kind)).toEqual(["sound", "silence"]);
    const endMs = ((told[1]?.atSample ?? 0) * 1000) / sampleRate;
    expect(Math.abs(endMs - 500)).toBeLessThanOrEqual(1);
  },
);

test("the tone has no pause between the marker and its end", () => {
  const sampleRate = 48_000;
  const samples = markedTone({ number: 0, ms: 400, sampleRate }).subarray((MARKER_MS * sampleRate) / 1000);
  for (let at = 0; at + 48 <= samples.length; at += 48) {
    expect(Math.max(...samples.subarray(at, at + 48).map(Math.abs))).toBeGreaterThan(0.2);
  }
});
