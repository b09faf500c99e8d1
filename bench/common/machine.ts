import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { z } from "zod";
import { findChromium } from "../../bot-runtime/room/chromium-path.ts";
import { packageScript, runStep } from "../../scripts/steps.ts";

const MIB = 2 ** 20;

/** On what something was measured: no figure means anything without it. */
export interface Machine {
  cores: number;
  cpu: string;
  memoryMiB: number;
  system: string;
  node: string;
  chromium: string;
  workerd: string;
  dailyJs: string;
  /** The commit of the sources, with `+` where they differ from it; empty outside of git. */
  commit: string;
}

export async function describeMachine(): Promise<Machine> {
  const chromium = findChromium({ wanted: process.env.CHROMIUM_PATH });
  const [version, commit, changes, workerd, dailyJs] = await Promise.all([
    runStep(chromium, ["--version"]),
    runStep("git", ["rev-parse", "--short", "HEAD"]).catch(() => undefined),
    runStep("git", ["status", "--porcelain"]).catch(() => undefined),
    versionOf("workerd"),
    versionOf("@daily-co/daily-js"),
  ]);
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memoryMiB: Math.round(totalmem() / MIB),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
    chromium: version.output.trim(),
    workerd,
    dailyJs,
    commit: commit?.code === 0 ? `${commit.output.trim()}${changes?.output.trim() === "" ? "" : "+"}` : "",
  };
}

async function versionOf(name: string): Promise<string> {
  const text = await readFile(packageScript(`${name}/package.json`), "utf8");
  return z.looseObject({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** Processes that ran or wanted to, on average over the last minute. */
export function load(): number {
  return loadavg()[0] ?? Number.NaN;
}

export function machineText(machine: Machine): string {
  const { cores, cpu, memoryMiB, system, node, chromium, workerd, dailyJs, commit } = machine;
  return [
    `${cores} cores, ${cpu}, ${(memoryMiB / 1024).toFixed(1)} GiB, ${system}`,
    `Node ${node}, ${chromium}, workerd ${workerd}, daily-js ${dailyJs}, commit ${commit || "unknown"}`,
  ].join("\n");
}
