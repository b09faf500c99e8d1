/** What was heard, as figures and as complaints. */
import type { Heard } from "./hear.ts";
import { LEVELS, type Level } from "./scenes.ts";

/** From the onset of speech until its start is told, for 95 of 100. */
export const MAX_START_MS = 320;
/** A start that began so long after the sentence is no part of it. */
const ECHO_MS = 300;

export interface LevelFigures {
  level: Level;
  utterances: number;
  missed: string[];
  /** Starts beyond the first, within a sentence: it has pauses. */
  splits: number;
  /** Starts outside of any sentence. */
  falseStarts: number;
  /** From the onset, and from the end of the sentence for stops; one for each utterance. */
  onsetMs: number[];
  startMs: number[];
  stopMs: number[];
}

export interface NoiseFigures {
  name: string;
  seconds: number;
  falseStarts: number;
  /** How often an answer would have been held. */
  onsets: number;
  highestProbability: number;
}

export interface Figures {
  levels: LevelFigures[];
  noises: NoiseFigures[];
}

export function figuresOf(heard: readonly Heard[]): Figures {
  const levels = Object.keys(LEVELS) as Level[];
  return {
    levels: levels.map((level) => levelFigures(level, heard)),
    noises: noiseFigures(heard.filter(({ scene }) => !scene.speech)),
  };
}

function levelFigures(level: Level, heard: readonly Heard[]): LevelFigures {
  const figures: LevelFigures = {
    level,
    utterances: 0,
    missed: [],
    splits: 0,
    falseStarts: 0,
    onsetMs: [],
    startMs: [],
    stopMs: [],
  };
  for (const { scene, onsets, starts, stops } of heard) {
    if (scene.speech?.level !== level) continue;
    const { fromMs, toMs } = scene.speech;
    figures.utterances += 1;
    const within = starts.filter(({ atMs, beganAtMs }) => atMs > fromMs && beganAtMs < toMs + ECHO_MS);
    figures.falseStarts += starts.length - within.length;
    const [first] = within;
    if (!first) {
      figures.missed.push(scene.name);
      continue;
    }
    figures.splits += within.length - 1;
    figures.startMs.push(first.atMs - fromMs);
    const onset = onsets.find((atMs) => atMs > fromMs);
    if (onset !== undefined) figures.onsetMs.push(onset - fromMs);
    const stop = stops.findLast((atMs) => atMs > toMs);
    if (stop !== undefined) figures.stopMs.push(stop - toMs);
  }
  return figures;
}

/** One for each kind of noise. */
function noiseFigures(heard: readonly Heard[]): NoiseFigures[] {
  const byName = Map.groupBy(heard, ({ scene }) => scene.name);
  return [...byName].map(([name, all]) => ({
    name,
    seconds: sum(all.map(({ scene }) => scene.pcm.length / 16_000)),
    falseStarts: sum(all.map(({ starts }) => starts.length)),
    onsets: sum(all.map(({ onsets }) => onsets.length)),
    highestProbability: Math.max(...all.map(({ highestProbability }) => highestProbability)),
  }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The value that `share` of them do not exceed. @returns NaN of none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** None: it hears as it should. */
export function complaintsOf({ levels, noises }: Figures): string[] {
  const complaints: string[] = [];
  for (const { level, utterances, missed, falseStarts, stopMs } of levels) {
    if (missed.length > 0) complaints.push(`Missed at ${level}: ${missed.join(", ")}.`);
    if (falseStarts > 0) complaints.push(`False starts at ${level}: ${falseStarts}.`);
    const unended = utterances - missed.length - stopMs.length;
    if (unended > 0) complaints.push(`Without a stop at ${level}: ${unended}.`);
  }
  // Of all levels: of one alone, the second slowest sentence would decide.
  const slow = quantile(allStarts(levels), 0.95);
  if (slow > MAX_START_MS) complaints.push(`95 % of the starts are told within ${slow.toFixed(0)} ms only.`);
  for (const { name, falseStarts } of noises) {
    if (falseStarts > 0) complaints.push(`Taken for speech: ${name}, ${falseStarts} times.`);
  }
  return complaints;
}

function allStarts(levels: readonly LevelFigures[]): number[] {
  return levels.flatMap(({ startMs }) => startMs);
}

export function tableOf({ levels, noises }: Figures): string {
  const spread = (values: readonly number[]) =>
    `${quantile(values, 0.5).toFixed(0)} / ${quantile(values, 0.95).toFixed(0)}`;
  const spoken = levels.map(({ level, utterances, missed, splits, falseStarts, ...times }) => [
    level,
    `${missed.length} of ${utterances}`,
    String(falseStarts),
    String(splits),
    spread(times.onsetMs),
    spread(times.startMs),
    spread(times.stopMs),
  ]);
  const loud = noises.map(({ name, seconds, falseStarts, onsets, highestProbability }) => [
    name,
    `${seconds.toFixed(0)} s`,
    String(falseStarts),
    String(onsets),
    highestProbability.toFixed(2),
  ]);
  return [
    "Speech (ms: median / 95 %)",
    ...columns([["", "missed", "false", "splits", "onset", "start", "stop"], ...spoken]),
    `All starts: ${spread(allStarts(levels))}`,
    "",
    "Noise",
    ...columns([["", "length", "starts", "onsets", "highest p"], ...loud]),
  ].join("\n");
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("   ")
      .trimEnd(),
  );
}
