import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How long a program may take to end by itself before its whole group is killed. */
export const STOP_GRACE_MS = 5_000;

export interface ProgramOptions {
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

/**
 * A program and everything it started, as one process group, so that nothing of it can be left behind: neither when
 * it is stuck, nor when its owner ends without stopping it (SIGKILL, a crash).
 * (Its own group also keeps the terminal's Ctrl-C away from it: its owner decides the order of ending.)
 */
export class Program {
  readonly name: string;
  /** Resolves with the exit code, or with the signal's name, once the program itself is gone. */
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #leash: ChildProcess | undefined;

  constructor({ name, command, args, cwd, env, onLine }: ProgramOptions) {
    this.name = name;
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#leash = child.pid === undefined ? undefined : leash(child.pid);
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
    this.exited = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal ?? code ?? 1));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks the program to end, and kills its group when it does not do so in time. Idempotent. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#signal("SIGTERM", "program");
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, graceMs);
    await Promise.race([this.exited, timer.promise]);
    clearTimeout(timeout);
    // Also after a clean end: what it started and did not end itself is in the same group.
    this.kill();
    await this.exited;
    this.#leash?.kill("SIGKILL");
  }

  /** Kills the whole group at once. */
  kill(): void {
    this.#signal("SIGKILL", "group");
  }

  #signal(signal: NodeJS.Signals, target: "program" | "group"): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(target === "group" ? -pid : pid, signal);
    } catch (error) {
      // ESRCH: nobody left to signal, which is what we want. EPERM: macOS's word for a group of zombies only.
      if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

/**
 * A shell that kills the group as soon as this process is gone, however it went: the system then closes the pipe
 * that the shell reads. In a session of its own, so that no terminal ends it first.
 */
function leash(group: number): ChildProcess {
  const shell = spawn("sh", ["-c", 'read -r _; kill -s KILL -- "-$1"', "leash", String(group)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell there is no leash; all else works.
  shell.on("error", () => {});
  shell.unref();
  return shell;
}
