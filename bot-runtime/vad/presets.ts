import type { ActivityParams } from "./activity.ts";

/**
 * What Silero's probabilities are taken for.
 *
 * `measured`: chosen by the campaign `vad` (`npm run campaign -- vad`): no utterance missed, no noise taken for speech,
 * and the start of speech told within 320 ms of its onset for 95 of 100. Plucked strings are what is hardest to tell from
 * it: in 400 minutes of them none was taken for speech, nor would one have been with odds of 6.5 or of 9. If it did not
 * matter whether a sound fades, 21 times; counting 192 ms above 0.5, 69 times.
 *
 * `pipecat`: what Pipecat's `SileroVADAnalyzer` does with its default `VADParams` (1.7), for whoever moves from there.
 */
export const VAD_PRESETS = {
  measured: { confidence: 0.65, keepConfidence: 0.35, start: { kind: "weighed", odds: 7.5 }, stopMs: 192 },
  pipecat: {
    confidence: 0.7,
    keepConfidence: 0.7,
    minVolume: 0.6,
    start: { kind: "counted", ms: 200 },
    stopMs: 200,
  },
} as const satisfies Record<string, ActivityParams>;

export type VadPreset = keyof typeof VAD_PRESETS;

/** What the energy model's probabilities are taken for, which are others than Silero's. */
export const ENERGY_PARAMS: ActivityParams = {
  confidence: 0.7,
  keepConfidence: 0.7,
  start: { kind: "counted", ms: 200 },
  stopMs: 200,
};
