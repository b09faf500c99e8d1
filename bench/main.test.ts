import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ROOT, runStep } from "../scripts/steps.ts";

/** Each test starts a program, which a busy machine takes its time for. */
vi.setConfig({ testTimeout: 30_000 });

const bench = (...args: string[]) => runStep(process.execPath, [join(ROOT, "bench/main.ts"), ...args]);

test("lists the benchmarks and the options", async () => {
  const { code, output } = await bench("--help");
  expect(code).toBe(0);
  for (const name of ["start", "latency", "turn", "barge-in", "density", "edge"]) {
    expect(output).toMatch(new RegExp(`^ {2}${name} +\\w`, "m"));
  }
  expect(output).toMatch(/^ {2}soak .*\(by name only\)$/m);
  expect(output).toMatch(/^ {2}--calls <…> /m);
});

test.each([
  [["strat"], 'There is no benchmark "strat".'],
  [["start", "--runs", "0"], "--runs takes a whole number from 1 to 1000"],
  [["start", "--seed", "x"], "--seed takes a whole number from 1 to 2147483647"],
  [["start", "--rnus", "1"], "--rnus"],
  [["start", "--against", "nowhere.json"], "--against: nowhere.json cannot be read."],
])("refuses %j before anything runs, and says why", async (args, words) => {
  const { code, output } = await bench(...args);
  expect(code).toBe(1);
  expect(output).toContain(words);
});

test("a file to compare with has to be one of its own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-bench-test-"));
  try {
    const file = join(folder, "other.json");
    await writeFile(file, '{"benches":[{"name":1}]}');
    const { code, output } = await bench("start", "--against", file);
    expect(code).toBe(1);
    expect(output).toContain("is no file that --json wrote");
  } finally {
    await rm(folder, { recursive: true });
  }
});
