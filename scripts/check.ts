/**
 * `npm run check`: format and lint, types, arrows between the parts, links in the documents, the Worker's
 * generated types. All run to the end, so that one look shows everything that is wrong.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
      "docs",
    ]),
  "worker types": checkWorkerTypes,
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

/** Whether `edge/env.d.ts` is what wrangler makes of wrangler.toml. A developer's own .env is no part of that. */
async function checkWorkerTypes(): Promise<StepResult> {
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-check-"));
  const noSettings = join(folder, "empty.env");
  await writeFile(noSettings, "");
  const wrangler = packageScript("wrangler/bin/wrangler.js");
  const result = await runStep(node, [
    wrangler,
    "types",
    "edge/env.d.ts",
    "--check",
    "--include-runtime=false",
    `--env-file=${noSettings}`,
  ]);
  await rm(folder, { recursive: true });
  return result;
}
