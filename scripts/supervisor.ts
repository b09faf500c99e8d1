/** Runs several programs as one: all of them up, or none left. */
import { createServer } from "node:net";
import { Program } from "./process-group.ts";
import { ROOT } from "./steps.ts";
import { untilOk } from "./until-ok.ts";

/** The edge compiles itself when it starts, which takes a while on a cold machine. */
const READY_TIMEOUT_MS = 90_000;
/** One Ctrl-C reaches us twice under npm: from the terminal, and forwarded by npm. */
const SAME_CTRL_C_MS = 500;

/** What went wrong, in a sentence for whoever typed the command. */
export class UserError extends Error {}

export interface Part {
  name: string;
  port: number;
  /** Answers 2xx once the part can be used. */
  readyUrl: string;
  /** Arguments of Node. */
  command: string[];
  env: NodeJS.ProcessEnv;
}

export interface SupervisorOptions {
  parts: Part[];
  onLine: (part: string, line: string) => void;
  /** Printed once every part is ready. */
  banner: string;
}

type End = "interrupted" | { name: string; how: number | string };

/**
 * Starts the parts and returns when none of them is left: after Ctrl-C, or when one ended by itself (exit code 1).
 * @throws UserError when a port is in use, or a part is not ready in time
 */
export async function runParts({ parts, onLine, banner }: SupervisorOptions): Promise<void> {
  await Promise.all(parts.map(assertPortFree));

  const programs: Program[] = [];
  const interrupted = onInterrupt(programs);
  process.stdout.write("Starting ...\n");
  for (const { name, command, env } of parts) {
    programs.push(
      new Program({
        name,
        command: process.execPath,
        args: command,
        cwd: ROOT,
        env,
        onLine: (line) => onLine(name, line),
      }),
    );
  }
  const crashed = Promise.race(
    programs.map(async (program) => ({ name: program.name, how: await program.exited })),
  );

  const polling = new AbortController();
  try {
    const ready = Promise.all(parts.map((part) => untilReady(part, polling.signal))).then(
      () => "ready" as const,
    );
    const first = await Promise.race([ready, crashed, interrupted]);
    if (first === "ready") {
      process.stdout.write(banner);
      reportEnd(await Promise.race([crashed, interrupted]));
    } else {
      reportEnd(first);
    }
  } finally {
    polling.abort();
    await Promise.all(programs.map((program) => program.stop()));
    process.stdout.write("Stopped.\n");
  }
}

function assertPortFree({ name, port }: Part): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () => {
      const hint = "Stop what holds it (perhaps another npm start), then try again.";
      reject(new UserError(`Port ${port}, which the ${name} part needs, is in use. ${hint}`));
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

/** Returns early, and silently, when `signal` is aborted. */
async function untilReady({ name, readyUrl }: Part, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(READY_TIMEOUT_MS);
  if ((await untilOk(readyUrl, AbortSignal.any([signal, deadline]))) || signal.aborted) return;
  throw new UserError(
    `The ${name} part was not ready after ${READY_TIMEOUT_MS / 1000} s. Its lines are above.`,
  );
}

/**
 * Resolves at the first Ctrl-C, SIGTERM, or when nobody reads any more (a closed terminal, `| head`); a second
 * Ctrl-C kills everything at once.
 */
function onInterrupt(programs: Program[]): Promise<"interrupted"> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const handle = () => {
      const now = performance.now();
      if (askedAt === undefined) {
        askedAt = now;
        process.stdout.write("\nStopping ... (Ctrl-C again to kill)\n");
        resolve("interrupted");
      } else if (now - askedAt > SAME_CTRL_C_MS) {
        for (const program of programs) program.kill();
      }
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, handle);
    // Without a listener, the first line that cannot be written would end this process before the others.
    process.stdout.on("error", () => resolve("interrupted"));
    process.stderr.on("error", () => {});
  });
}

function reportEnd(end: End): void {
  if (end === "interrupted") {
    process.exitCode = 0;
    return;
  }
  process.exitCode = 1;
  process.stdout.write(`\nThe ${end.name} part ended by itself (${end.how}). Stopping the others.\n`);
}
