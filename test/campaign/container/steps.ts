/** What the campaign does one after the other: external programs with a bound each, and lines of progress. */
import { spawn } from "node:child_process";
import { ROOT } from "../../../scripts/steps.ts";

/** What is kept of a program's output, from its end: a build prints half a megabyte. */
const MAX_OUTPUT_CHARS = 4 * 1024 * 1024;
/** Lines of a failed program that its error quotes. */
const QUOTED_LINES = 40;

export interface Command {
  command: string;
  args: string[];
  timeoutMs: number;
  /** Ends it early. */
  signal: AbortSignal;
  env?: Record<string, string>;
}

export interface Ended {
  /** The exit code, or the signal's name. */
  how: number | string;
  /** What it printed, both streams in order of arrival. */
  output: string;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @throws Error with the sentence unless it holds */
export function check(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(`Not so: ${sentence}`);
  say(`  ok: ${sentence}`);
}

/** Runs it to its end. @throws Error when time was up or it was aborted; all that it started is killed then */
export async function runToEnd({ command, args, timeoutMs, signal, env }: Command): Promise<Ended> {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const stopped = AbortSignal.any([signal, timeout]);
  // A group of its own, so that a Ctrl-C is ours to handle, and all that it started can be killed with it. Niced:
  // nothing here measures speed, and the machine may have other things to do.
  const child = spawn("nice", ["-n", "10", command, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARS);
    });
  }
  const kill = () => killGroup(child.pid);
  stopped.addEventListener("abort", kill, { once: true });
  try {
    const how = await new Promise<number | string>((resolve, reject) => {
      child.once("error", reject).once("close", (code, killedBy) => resolve(killedBy ?? code ?? 1));
    });
    signal.throwIfAborted();
    if (!timeout.aborted) return { how, output };
    throw new Error(`${command} took more than ${timeoutMs / 1000} s:\n${newest(output)}`);
  } finally {
    stopped.removeEventListener("abort", kill);
  }
}

/** As `runToEnd`. @returns what it printed @throws Error with its last lines when it failed */
export async function mustRun(command: Command): Promise<string> {
  const { how, output } = await runToEnd(command);
  if (how === 0) return output;
  throw new Error(`${command.command} ${command.args[0]} failed (${how}):\n${newest(output)}`);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    // It is gone already.
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

function newest(output: string): string {
  return output.trimEnd().split("\n").slice(-QUOTED_LINES).join("\n");
}
