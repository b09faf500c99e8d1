/** The campaign `recovery`: `main.ts --seed=<n> [--calls=<rounds>]`. Exit code 1 when a call was lost, or was silent for too long. */
import { parseArgs } from "node:util";
import { median } from "../crash/gaps.ts";
import { type RecoveryReport, runRecovery, SHORT_TONE_EVERY_MS, type Way } from "./recovery.ts";

const ROUNDS = 9;
const CALLS = 4;
const WAYS = ["kill", "ghost", "deploy"] as const;
/** Silence of a listener: in the median, and at most. The pauses of what is said count in a deployment. */
const ALLOWED_MS: Record<Way, { median: number; most: number }> = {
  kill: { median: 5_000, most: 12_000 },
  ghost: { median: 5_000, most: 12_000 },
  deploy: { median: 1_500 + SHORT_TONE_EVERY_MS, most: 12_000 },
};

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(ROUNDS) } },
});
const rounds = Number(values.calls);
const report = await runRecovery({
  seed: Number(values.seed),
  ways: Array.from({ length: rounds }, (_, round) => WAYS[round % WAYS.length] ?? "kill"),
  calls: CALLS,
  progress: (done) => process.stdout.write(`\r${done} of ${rounds} rounds`),
});
const complaints = [...report.complaints, ...tooLong(report)];
process.stdout.write(`\n\n${describe(report)}\n${complaints.join("\n") || "Every call went on."}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function gapsOf({ rounds }: RecoveryReport, way: Way): number[] {
  return rounds.filter((round) => round.way === way).flatMap(({ gapsMs }) => gapsMs);
}

function describe(report: RecoveryReport): string {
  return WAYS.map((way) => {
    const gaps = gapsOf(report, way);
    return `${way.padEnd(8)} ${gaps.length} calls silent for ${median(gaps)} ms in the median, ${Math.max(...gaps)} at most`;
  }).join("\n");
}

function tooLong(report: RecoveryReport): string[] {
  return WAYS.flatMap((way) => {
    const gaps = gapsOf(report, way);
    const { median: inMedian, most } = ALLOWED_MS[way];
    return [
      ...(median(gaps) > inMedian
        ? [`${way}: silent for ${median(gaps)} ms in the median, not ${inMedian}`]
        : []),
      ...(Math.max(0, ...gaps) > most ? [`${way}: silent for ${Math.max(...gaps)} ms, not ${most}`] : []),
    ];
  });
}
