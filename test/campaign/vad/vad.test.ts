import { expect, it } from "vitest";
import { hearScenes } from "./hear.ts";
import { makeScenes } from "./scenes.ts";
import { complaintsOf, figuresOf, quantile } from "./verdict.ts";

/** One sentence of each language. */
const UTTERANCES = 6;
const NOISE_MS = 6_000;
/** Nobody waits for anybody: what a start takes of the audio alone, and more than that is not the detector's doing. */
const MAX_START_OF_AUDIO_MS = 300;

it("hears six languages in noise, and no noise for speech", { timeout: 60_000 }, async () => {
  const scenes = await makeScenes({ seed: 1, utterances: UTTERANCES, noiseMs: NOISE_MS });
  const { heard, windowsLost } = await hearScenes(scenes, {
    preset: "measured",
    pace: "none",
    calls: scenes.length,
  });
  const figures = figuresOf(heard);
  expect(complaintsOf(figures)).toEqual([]);
  expect(windowsLost).toBe(0);
  expect(figures.noises).toHaveLength(8);
  const starts = figures.levels.flatMap(({ startMs }) => startMs);
  expect(starts).toHaveLength(3 * UTTERANCES);
  // In the audio's own time, so whatever else the machine does.
  expect(quantile(starts, 0.95)).toBeLessThanOrEqual(MAX_START_OF_AUDIO_MS);
});
