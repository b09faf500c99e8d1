/** The campaign `gemini`: `main.ts --seed=<n> [--calls=<n>]`. Exit code 1 when a call breaks a promise. */
import { parseArgs } from "node:util";
import { runCampaign } from "./campaign.ts";

const CALLS = 1_000;
/** Enough to see what is wrong. */
const MAX_SHOWN = 20;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(CALLS) } },
});
const startedAt = performance.now();
const { calls, simulatedMs, connections, notes, found } = await runCampaign({
  seed: Number(values.seed),
  calls: Number(values.calls),
  progress: (done, of) => {
    if (done % 20 === 0 || done === of) process.stdout.write(`\r${done} of ${of} calls`);
  },
});
const seconds = Math.round((performance.now() - startedAt) / 1000);
const counts = [...notes].toSorted(([a], [b]) => (a < b ? -1 : 1));
process.stdout.write(
  `\n\n${counts.map(([note, count]) => `${String(count).padStart(6)} × ${note}`).join("\n")}\n\n` +
    `${calls} calls of ${(simulatedMs / 3_600_000).toFixed(1)} hours over ${connections} connections, in ${seconds} s.\n`,
);
for (const { index, scenario, findings } of found.slice(0, MAX_SHOWN)) {
  process.stdout.write(
    `\ncall ${index} (${scenario}):\n${findings.map((finding) => `  ${finding}\n`).join("")}`,
  );
}
process.stdout.write(
  found.length === 0 ? "Every promise was kept.\n" : `\n${found.length} calls broke a promise.\n`,
);
process.exitCode = found.length === 0 ? 0 : 1;
