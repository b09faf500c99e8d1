/**
 * `npm run check`: format and lint, types, arrows between the parts, links in the documents. All run to the end, so that one look shows everything that is wrong.
 */
import { checkArrows } from "./arrows.ts";
import { packageScript, runStep, type StepResult } from "./steps.ts";

const node = process.execPath;

const steps: Record<string, () => Promise<StepResult>> = {
  "format and lint": () =>
    runStep(node, [packageScript("@biomejs/biome/bin/biome"), "ci", "--colors=off", "."]),
  types: () => runStep(node, [packageScript("typescript/bin/tsc"), "-b"]),
  arrows: checkArrows,
  links: () =>
    runStep(node, [
      packageScript("remark-cli/cli.js"),
      "--frail",
      "--quiet",
      "--no-stdout",
      "--use",
      "remark-validate-links=repository:false",
      "README.md",
      "CONTRIBUTING.md",
    ]),
};

let failed = 0;
// In twos: there are steps that use a core each, and a small machine has two.
const queue = Object.entries(steps);
await Promise.all([worker(), worker()]);
process.exitCode = failed > 0 ? 1 : 0;

async function worker(): Promise<void> {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, run] = next;
    const { code, output, durationMs } = await run().catch((thrown: unknown) => ({
      code: 1,
      output: String(thrown),
      durationMs: 0,
    }));
    process.stdout.write(
      `${code === 0 ? "ok    " : "FAILED"} ${name} (${(durationMs / 1000).toFixed(1)} s)\n`,
    );
    if (code === 0) continue;
    failed += 1;
    process.stdout.write(`${output.trimEnd()}\n\n`);
  }
}
