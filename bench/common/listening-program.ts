import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { Program } from "../../scripts/process-group.ts";
import { ROOT } from "../../scripts/steps.ts";

const LISTENS_WITHIN_MS = 30_000;
/** Shown when it does not listen. */
const MAX_LINES = 200;
/** Of our own environment; a developer's settings are not what is measured. */
const PASSED_ON = ["PATH", "HOME", "LANG", "TMPDIR", "CHROMIUM_PATH"];

const Listening = z.looseObject({ event: z.literal("server.listening"), url: z.string() });

export interface ListeningProgram extends AsyncDisposable {
  url: string;
  pid: number;
}

/**
 * A Node program of this checkout that says where it listens, as ours do.
 * @throws Error with its words when it does not
 */
export async function startProgram(entry: string, env: Record<string, string>): Promise<ListeningProgram> {
  const listening = Promise.withResolvers<string>();
  const lines: string[] = [];
  const program = new Program({
    name: entry,
    command: process.execPath,
    args: [isAbsolute(entry) ? entry : join(ROOT, entry)],
    cwd: ROOT,
    env: { ...passedOn(), APP_ENV: "development", PORT: "0", ...env },
    onLine: (line) => {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
      if (line.includes('"server.listening"')) listening.resolve(Listening.parse(JSON.parse(line)).url);
    },
  });
  const late = setTimeout(() => listening.reject(new Error("not in time")), LISTENS_WITHIN_MS);
  program.exited.then((how) => listening.reject(new Error(`it ended: ${how}`)));
  try {
    const url = await listening.promise;
    const { pid } = program;
    if (pid === undefined) throw new Error("it has no process");
    return { url, pid, [Symbol.asyncDispose]: () => program.stop() };
  } catch (error) {
    await program.stop();
    throw new Error(`${entry} does not listen (${(error as Error).message}):\n${lines.join("\n")}`);
  } finally {
    clearTimeout(late);
  }
}

function passedOn(): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
