/** The campaign `leaks`: `main.ts --seed=<n> [--calls=<n>]`. Prints what it measures; exit code 1 when something leaks. */
import { parseArgs } from "node:util";
import { runLeaks } from "./leaks.ts";
import { complaintsOf, type LeaksReport, slopes } from "./verdict.ts";

const WARM_UP = 10;
const CALLS = 40;
/** Bytes a call. A call that keeps one second of its audio, or one buffer of it, is over this. */
const MAX_SLOPE = 20_000;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(CALLS) } },
});
const report = await runLeaks({
  seed: Number(values.seed),
  warmUp: WARM_UP,
  calls: Number(values.calls),
  progress: (done, of) => process.stdout.write(`\r${done} of ${of} calls`),
});
process.stdout.write(`\n\n${describe(report)}\n`);
const complaints = complaintsOf(report, { maxSlope: MAX_SLOPE });
process.stdout.write(complaints.length === 0 ? "Nothing leaks.\n" : `${complaints.join("\n")}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function describe({ measurements, calls }: LeaksReport): string {
  const growth = slopes(measurements);
  const [first, last] = [measurements[0], measurements.at(-1)];
  const heaps = Object.entries(growth).map(([name, slope]) => {
    const sizes = [first?.heaps[name] ?? 0, last?.heaps[name] ?? 0].map((bytes) => Math.round(bytes / 1000));
    return `${name.padEnd(14)} ${sizes.join(" kB → ")} kB, ${(slope / 1000).toFixed(1)} kB a call`;
  });
  const ends = new Map<string, number>();
  for (const { end, reason } of calls) {
    const way = `${end} (${reason})`;
    ends.set(way, (ends.get(way) ?? 0) + 1);
  }
  return [...heaps, "", ...[...ends].map(([way, count]) => `${String(count).padStart(4)} × ${way}`), ""].join(
    "\n",
  );
}
