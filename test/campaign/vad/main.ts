/**
 * The campaign `vad`: `main.ts --seed=<n> [--calls=<n>]`, where calls are utterances, each at three levels of noise.
 * In real time, about a minute; then nine more seeds by the audio's own clock. Exit code 1 when speech is missed, noise
 * is taken for it, or a start comes too late.
 */
import { parseArgs } from "node:util";
import { VAD_PRESETS, type VadPreset } from "../../../bot-runtime/vad/presets.ts";
import { type Heard, hearScenes } from "./hear.ts";
import { makeScenes } from "./scenes.ts";
import { complaintsOf, figuresOf, tableOf } from "./verdict.ts";

const UTTERANCES = 24;
const NOISE_MS = 60_000;
/** What one seed has of noise, and of where a sentence begins in a window, says little by itself. */
const MORE_SEEDS = 9;
/** Sentences are given seeds that follow each other. */
const SEED_STEP = 100;
/** Of each noise alone one, and as many with sentences: those take 40 s, one after the other. */
const CALLS_AT_A_TIME = 16;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(UTTERANCES) } },
});
const scenesOf = (seed: number) => makeScenes({ seed, utterances: Number(values.calls), noiseMs: NOISE_MS });
const scenes = await scenesOf(Number(values.seed));

const { heard, windowsPerBatch, windowsLost } = await hearScenes(scenes, {
  preset: "measured",
  pace: "real",
  calls: CALLS_AT_A_TIME,
  progress: (done, of) => process.stdout.write(`\r${done} of ${of} scenes`),
});
const figures = figuresOf(heard);
process.stdout.write(
  `\n\nmeasured (the default), ${CALLS_AT_A_TIME} calls in real time\n${tableOf(figures)}\n`,
);
process.stdout.write(`${windowsPerBatch.toFixed(1)} windows a batch, ${windowsLost} lost\n\n`);

const more: Heard[] = [];
for (let ahead = 1; ahead <= MORE_SEEDS; ahead += 1) {
  const others = await scenesOf(Number(values.seed) + ahead * SEED_STEP);
  more.push(...(await hearScenes(others, { preset: "measured", pace: "none", calls: others.length })).heard);
}
const moreFigures = figuresOf(more);
process.stdout.write(
  `measured, ${MORE_SEEDS} more seeds, without the time for judging\n${tableOf(moreFigures)}\n\n`,
);

// The others only for comparison, and by the audio's own clock.
for (const preset of (Object.keys(VAD_PRESETS) as VadPreset[]).filter((name) => name !== "measured")) {
  const others = await hearScenes(scenes, { preset, pace: "none", calls: scenes.length });
  process.stdout.write(`${preset}, without the time for judging\n${tableOf(figuresOf(others.heard))}\n\n`);
}

const complaints = [...complaintsOf(figures), ...complaintsOf(moreFigures)];
if (windowsLost > 0)
  complaints.push(`${windowsLost} windows were lost: this machine has too much else to do.`);
process.stdout.write(
  complaints.length === 0
    ? "No speech is missed, no noise is taken for it, and starts are told in time.\n"
    : `${complaints.join("\n")}\n`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
