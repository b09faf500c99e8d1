/** The campaign `crash`: `main.ts --seed=<n> [--calls=<rounds>]`. Exit code 1 when a call did not come back, or too late. */
import { parseArgs } from "node:util";
import { type CrashReport, runCrash } from "./crash.ts";
import { median } from "./gaps.ts";
import type { Victim } from "./kill.ts";

const ROUNDS = 8;
const CALLS = 4;
/** What a listener may miss, and how short an interruption others must not notice. */
const MAX_GAP_MS: Record<Victim, number> = { page: 3_000, browser: 6_000 };
const MAX_OTHER_GAP_MS = 60;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(ROUNDS) } },
});
const rounds = Number(values.calls);
const report = await runCrash({
  seed: Number(values.seed),
  victims: Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? "page" : "browser")),
  calls: CALLS,
  progress: (done) => process.stdout.write(`\r${done} of ${rounds} crashes`),
});
const complaints = [...report.complaints, ...tooLong(report)];
process.stdout.write(`\n\n${describe(report)}\n${complaints.join("\n") || "Every call went on."}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function describe({ rounds }: CrashReport): string {
  const lines = (["page", "browser"] as const).map((victim) => {
    const gaps = rounds.filter((round) => round.victim === victim).flatMap(({ lostGapsMs }) => lostGapsMs);
    return `${victim.padEnd(8)} ${gaps.length} calls silent for ${median(gaps)} ms in the median, ${Math.max(...gaps)} at most`;
  });
  const others = rounds.flatMap(({ otherGapsMs }) => otherGapsMs);
  const before = rounds.flatMap(({ otherGapsBeforeMs }) => otherGapsBeforeMs);
  const after = `others   ${others.length} calls silent for ${Math.max(...others)} ms at most, ${Math.max(...before)} before the crash`;
  return [...lines, after].join("\n");
}

function tooLong({ rounds }: CrashReport): string[] {
  return rounds.flatMap(({ victim, lostGapsMs, otherGapsMs, otherGapsBeforeMs }) => {
    const lost = Math.max(0, ...lostGapsMs);
    const others = Math.max(0, ...otherGapsMs);
    // A machine that is too slow for the calls alone says nothing of the crash.
    const allowed = Math.max(MAX_OTHER_GAP_MS, ...otherGapsBeforeMs);
    return [
      ...(lost > MAX_GAP_MS[victim] ? [`${victim}: silent for ${lost} ms, not ${MAX_GAP_MS[victim]}`] : []),
      ...(others > allowed ? [`${victim}: others were silent for ${others} ms, not ${allowed}`] : []),
    ];
  });
}
