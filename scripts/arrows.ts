/**
 * Which part may import which, by dependency-cruiser. A tool that sees nothing reports nothing, so each run also
 * reads a small tree in which every rule is broken, and fails unless every rule is reported there.
 */
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageScript, ROOT, runStep, type StepResult } from "./steps.ts";

const CONFIG = join(ROOT, ".dependency-cruiser.json");
const PLANTED = join(ROOT, "scripts/planted-violations");
/** The parts whose arrows are checked. */
const PARTS = ["protocol", "edge", "bot-runtime", "emulators", "scripts", "test", "bench", "mobile/src"];

interface Report {
  summary: { violations: { from: string; to: string; rule: { name: string } }[]; totalCruised: number };
}

async function cruise(folder: string, paths: string[]): Promise<Report> {
  const args = ["--config", CONFIG, "--output-type", "json", ...paths];
  const run = await runStep(
    process.execPath,
    [packageScript("dependency-cruiser/bin/dependency-cruiser.mjs"), ...args],
    folder,
  );
  try {
    return JSON.parse(run.output) as Report;
  } catch {
    throw new Error(`dependency-cruiser did not report: ${run.output.slice(0, 2000)}`);
  }
}

export async function checkArrows(): Promise<StepResult> {
  const startedAt = performance.now();
  const complaints: string[] = [];

  const [ours, planted, config] = await Promise.all([
    cruise(ROOT, PARTS),
    cruise(PLANTED, ["."]),
    readFile(CONFIG, "utf8"),
  ]);
  for (const { from, to, rule } of ours.summary.violations) complaints.push(`${rule.name}: ${from} → ${to}`);
  const sources = await countSources();
  if (ours.summary.totalCruised < sources) {
    const seen = ours.summary.totalCruised;
    complaints.push(`Only ${seen} of ${sources} modules were seen: the tool does not read our sources.`);
  }

  const rules = (JSON.parse(config) as { forbidden: { name: string }[] }).forbidden.map(({ name }) => name);
  const reported = new Set(planted.summary.violations.map(({ rule }) => rule.name));
  for (const name of rules) {
    if (!reported.has(name)) complaints.push(`The planted violation of "${name}" was not reported.`);
  }
  return {
    code: complaints.length === 0 ? 0 : 1,
    output: complaints.join("\n"),
    durationMs: Math.round(performance.now() - startedAt),
  };
}

async function countSources(): Promise<number> {
  let count = 0;
  for await (const path of glob(`{${PARTS.join(",")}}/**/*.ts`, { cwd: ROOT })) {
    if (!/(^|\/)(generated|planted-violations)\//.test(path)) count += 1;
  }
  return count;
}
