import type { ActivityParams } from "./activity.ts";

/**
 * What Silero's probabilities are taken for.
 *
 * `measured`: chosen by the campaign `vad` (`npm run campaign -- vad`): no utterance missed, and the start of speech told
 * within 320 ms of its onset for 95 of 100. Of the noises, plucked strings alone are ever taken for speech: ten times in
 * 40 minutes of them. With 160 ms that would be four times, with starts 40 ms later; counting 192 ms, thirteen times.
 *
 * `pipecat`: what Pipecat's `SileroVADAnalyzer` does with its default `VADParams` (1.7), for whoever moves from there.
 */
export const VAD_PRESETS = {
  measured: { confidence: 0.5, keepConfidence: 0.35, start: { kind: "weighed", ms: 112 }, stopMs: 192 },
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
