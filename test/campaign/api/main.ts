/** The campaign `api`: `main.ts --seed=<n> [--calls=<n>]`. Exit code 1 when an answer breaks a promise. */
import { parseArgs } from "node:util";
import { runApi } from "./api.ts";

const CALLS = 2_000;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(CALLS) } },
});
const { answers, complaints } = await runApi({
  seed: Number(values.seed),
  calls: Number(values.calls),
  progress: (done, of) => {
    if (done % 20 === 0 || done === of) process.stdout.write(`\r${done} of ${of} calls`);
  },
});
const counts = [...answers].toSorted(([a], [b]) => (a < b ? -1 : 1));
process.stdout.write(
  `\n\n${counts.map(([answer, count]) => `${String(count).padStart(5)} × ${answer}`).join("\n")}\n\n`,
);
process.stdout.write(
  complaints.length === 0 ? "Every answer is as promised.\n" : `${complaints.join("\n")}\n`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
