/**
 * The campaign `gemini-mutations`: `mutations.ts --seed=<n> [--calls=<n>]`. Switches off one rule after the other; in
 * the calls that follow, something has to be found each time, and without that nothing. Exit code 1 otherwise.
 */
import { parseArgs } from "node:util";
import { RULE_NAMES } from "../../../bot-runtime/gemini/rules.ts";
import { runCampaign } from "./campaign.ts";

/** Each situation comes in 60 calls. */
const CALLS = 120;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(CALLS) } },
});
const [seed, calls] = [Number(values.seed), Number(values.calls)];
let unnoticed = 0;
for (const rule of RULE_NAMES) {
  const { found, calls: made } = await runCampaign({ seed, calls, off: new Set([rule]), untilFound: true });
  const [first] = found;
  if (!first) unnoticed += 1;
  const how = first ? `call ${made}, ${first.scenario}: ${first.findings[0]}` : "NOT NOTICED";
  process.stdout.write(`${rule.padEnd(28)} ${how}\n`);
}
const { found } = await runCampaign({ seed, calls, untilFound: true });
if (found[0]) process.stdout.write(`\nAnd with all rules: ${found[0].findings.join("; ")}\n`);
process.stdout.write(
  unnoticed === 0 ? "\nEvery rule is missed.\n" : `\n${unnoticed} rules are not missed.\n`,
);
process.exitCode = unnoticed === 0 && found.length === 0 ? 0 : 1;
