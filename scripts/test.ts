/**
 * `npm test [vitest arguments]`: the unit, Worker and browser tests, then one line with the sum of all.
 * Whole calls run last and alone: audio in real time should not share the machine with anything.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { findChromium } from "../bot-runtime/room/chromium-path.ts";
import { packageScript, ROOT } from "./steps.ts";

const passedOn = process.argv.slice(2);
const chromiumPath = await chromiumOrExit();
const folder = await mkdtemp(join(tmpdir(), "chat-vrd-test-"));
let passed = 0;
let failed = 0;
let broken = false;

for (const projects of [["node", "edge"], ["browser"], ["calls"]]) {
  const report = join(folder, `${projects[0]}.json`);
  const code = await vitest([
    "run",
    ...projects.flatMap((name) => ["--project", name]),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    "--passWithNoTests",
    ...passedOn,
  ]);
  // A run can fail with every test green: an unhandled error, or a file that did not load.
  broken ||= code !== 0;
  const counts = await readCounts(report);
  passed += counts.passed;
  failed += counts.failed;
}
await rm(folder, { recursive: true, force: true });

// Nor is a run in which nothing ran: vitest's arguments had a typing error in them.
if (passed + failed === 0) broken = true;
if (broken && failed === 0) failed = 1;
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = broken ? 1 : 0;

function vitest(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [packageScript("vitest/vitest.mjs"), ...args], {
    cwd: ROOT,
    env: { ...process.env, CHROMIUM_PATH: chromiumPath },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => resolve(code ?? 1));
  });
}

/** The Chromium of all tests: the one thing that tests take from a developer's `.env`. */
async function chromiumOrExit(): Promise<string> {
  const settings = parseEnv(await readFile(join(ROOT, ".env"), "utf8").catch(() => ""));
  try {
    return findChromium({ wanted: process.env.CHROMIUM_PATH || settings.CHROMIUM_PATH });
  } catch (thrown) {
    process.stderr.write(`${(thrown as Error).message}\n`);
    process.exit(1);
  }
}

async function readCounts(report: string): Promise<{ passed: number; failed: number }> {
  const text = await readFile(report, "utf8").catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 0 };
  const { numPassedTests, numFailedTests } = JSON.parse(text) as {
    numPassedTests: number;
    numFailedTests: number;
  };
  return { passed: numPassedTests, failed: numFailedTests };
}
