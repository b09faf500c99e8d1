/** What was measured, for people and for machines. */
import type { Aim, BenchReport, Row, Unit } from "./bench.ts";
import type { Machine } from "./machine.ts";
import { ratioOfMedians, type Summary, spread, summarize } from "./statistics.ts";

/** A benchmark that has run. */
export interface Result {
  name: string;
  report: BenchReport;
  durationMs: number;
  /** The machine's load (the average of a minute) before and after. */
  loadBefore: number;
  loadAfter: number;
}

export interface Run {
  machine: Machine;
  /** ISO 8601. */
  startedAt: string;
  seed: number;
  runs: number;
  results: Result[];
}

type Verdict = "met" | "missed";

/** A row with what follows from its samples. */
interface Figure {
  label: string;
  unit: Unit;
  summary: Summary;
  floorSummary: Summary | undefined;
  ratio: number | undefined;
  difference: number | undefined;
  aim: { text: string; verdict: Verdict } | undefined;
}

function figureOf({ label, unit, ours, floor, aim }: Row): Figure {
  const summary = summarize(ours);
  const floorSummary = floor === undefined ? undefined : summarize(floor);
  return {
    label,
    unit,
    summary,
    floorSummary,
    ratio: ratioOfMedians(summary, floorSummary),
    difference: floorSummary === undefined ? undefined : summary.median - floorSummary.median,
    aim: aim && { text: aim.text, verdict: verdictOf(aim, summary, floorSummary) },
  };
}

function verdictOf(aim: Aim, ours: Summary, floor: Summary | undefined): Verdict {
  return aim.met(ours, floor) ? "met" : "missed";
}

const COLUMNS = ["", "n", "p50", "p99", "floor", "ratio", "more", "aim", ""];

/** The table of one benchmark. */
export function tableOf({ name, report, durationMs, loadBefore, loadAfter }: Result): string {
  const lines = report.rows.map((row) => cellsOf(figureOf(row)));
  const seconds = Math.round(durationMs / 1000);
  return [
    `${name}: ${report.workload}`,
    `(${seconds} s, load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after)`,
    "",
    ...aligned([COLUMNS, ...lines]),
    "",
    ...report.notes.map((note) => `  - ${note}`),
  ].join("\n");
}

function cellsOf({ label, unit, summary, floorSummary, ratio, difference, aim }: Figure): string[] {
  const { n, median, p99 } = summary;
  return [
    `${label}, ${unit}`,
    String(n),
    figure(median),
    figure(p99),
    floorSummary === undefined ? "" : figure(floorSummary.median),
    ratio === undefined ? "" : `${ratio.toFixed(2)} ×`,
    difference === undefined ? "" : `${difference < 0 ? "−" : "+"}${figure(Math.abs(difference))}`,
    aim?.text ?? "",
    aim?.verdict ?? "",
  ];
}

/** Three digits that mean something, as far as there are decimals. */
function figure(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

/** The first column and the aims to the left, figures to the right. */
function aligned(lines: readonly string[][]): string[] {
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const left = new Set([0, 7, 8]);
  return lines.map((cells) =>
    `  ${cells
      .map((cell, column) =>
        left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")}`.trimEnd(),
  );
}

/** Everything, every sample too, as it is written to a file. */
export function jsonOf({ machine, startedAt, seed, runs, results }: Run) {
  return {
    version: 1,
    machine,
    startedAt,
    seed,
    runs,
    benches: results.map(({ name, report, durationMs, loadBefore, loadAfter }) => ({
      name,
      workload: report.workload,
      durationMs,
      loadBefore,
      loadAfter,
      rows: report.rows.map((row) => {
        const { summary, floorSummary, ratio, difference, aim } = figureOf(row);
        return {
          label: row.label,
          unit: row.unit,
          ...summary,
          floor: floorSummary,
          ratio,
          difference,
          aim: aim && { text: aim.text, met: aim.verdict === "met" },
          samples: row.ours,
          floorSamples: row.floor,
        };
      }),
      notes: report.notes,
    })),
  };
}

/** Of an earlier run's file, what is compared. */
export interface EarlierRun {
  benches: {
    name: string;
    rows: { label: string; median: number; ratio?: number | undefined }[];
  }[];
}

/** Medians of two runs that are further apart than this do not tell the same. */
const MAX_SPREAD = 0.15;

/**
 * How far this run and an earlier one agree, in a line for each figure that both have: by its ratio to the floor,
 * which a slower machine leaves alone, else by its median.
 */
export function comparisonOf(earlier: EarlierRun, results: readonly Result[]): string[] {
  const lines: string[][] = [];
  for (const { name, report } of results) {
    const then = earlier.benches.find((bench) => bench.name === name);
    for (const row of report.rows) {
      const before = then?.rows.find(({ label }) => label === row.label);
      if (before === undefined) continue;
      const { label, summary, ratio } = figureOf(row);
      const byRatio = before.ratio !== undefined && ratio !== undefined;
      const [a, b] = byRatio ? [before.ratio ?? 0, ratio] : [before.median, summary.median];
      const apart = spread(a, b);
      lines.push([
        `${name}: ${label}`,
        byRatio ? "ratio" : "median",
        figure(a),
        "→",
        figure(b),
        Number.isFinite(apart) ? `${Math.round(apart * 100)} %` : "",
        apart > MAX_SPREAD ? "apart" : "",
      ]);
    }
  }
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    `  ${line.map((cell, at) => cell.padEnd(widths?.[at] ?? 0)).join("  ")}`.trimEnd(),
  );
}
