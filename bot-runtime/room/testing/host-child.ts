import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

const Line = z.looseObject({ event: z.string(), pid: z.number().optional() });
export type Line = z.infer<typeof Line>;

export interface HostChild {
  /** What it has logged so far. */
  readonly lines: readonly Line[];
  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void;
  /** Kills it if it still runs, and removes what a killed process leaves behind. */
  end(): Promise<void>;
}

/** For tests: starts `host-process.ts` with these arguments and a temporary folder of its own. */
export async function startHostChild(args: string[]): Promise<HostChild> {
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-host-child-"));
  const script = join(import.meta.dirname, "host-process.ts");
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: folder },
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(Line.parse(JSON.parse(line))));
  return {
    lines,
    signal: (signal) => child.kill(signal),
    end: async () => {
      child.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** The browser's process, once it has started. */
export function browserPidOf(child: HostChild): number | undefined {
  return child.lines.find(({ event }) => event === "browser.started")?.pid;
}

/** How often this was logged. */
export function countOf(child: HostChild, event: string): number {
  return child.lines.filter((line) => line.event === event).length;
}
