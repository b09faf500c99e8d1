import { spawn } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

export interface StepResult {
  code: number;
  output: string;
  durationMs: number;
}

/** Runs a program to its end and keeps what it printed (both streams, in order of arrival). */
export async function runStep(command: string, args: string[], cwd = ROOT): Promise<StepResult> {
  const startedAt = performance.now();
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject).once("close", (exitCode) => resolve(exitCode ?? 1));
  });
  return { code, output, durationMs: Math.round(performance.now() - startedAt) };
}

/** The script of an npm package in `node_modules`, to be run by this same Node. */
export function packageScript(path: string): string {
  return join(ROOT, "node_modules", path);
}
