import { access } from "node:fs/promises";
import { join } from "node:path";
import { Program } from "../../scripts/process-group.ts";
import { ROOT } from "../../scripts/steps.ts";
import type { StackProgram } from "../../test/support/stack.ts";

/** As the container has it: one file, without a word of TypeScript. */
const BUNDLE = join(ROOT, "dist/bot-runtime/main.mjs");
const PROBE = join(import.meta.dirname, "bridge-probe.ts");
const READY_WITHIN_MS = 30_000;
const MAX_LINES = 500;
/** What a program needs to run, and to be tried with another library in place of one of its own. */
const PASSED_ON = ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD"];
const INSPECTOR_LINE = /^Debugger listening on (ws:\/\/\S+)$/;

export interface InspectedBot extends StackProgram {
  inspectorUrl: string;
}

/**
 * The bot runtime as it is shipped, with the probe in front of it and its inspector open.
 * @throws Error with its words when it does not listen
 */
export async function startBotProcess(settings: Record<string, string>): Promise<InspectedBot> {
  await access(BUNDLE).catch(() => {
    throw new Error('The bot runtime is not built: run "npm run build"');
  });
  const listening = Promise.withResolvers<string>();
  const inspected = Promise.withResolvers<string>();
  const lines: string[] = [];
  const program = new Program({
    name: "bot",
    command: process.execPath,
    args: ["--inspect=127.0.0.1:0", `--import=${PROBE}`, BUNDLE],
    cwd: ROOT,
    env: { ...passedOn(), APP_ENV: "development", PORT: "0", ...settings },
    onLine: (line) => {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
      if (line.includes('"server.listening"')) listening.resolve((JSON.parse(line) as { url: string }).url);
      const inspectorUrl = INSPECTOR_LINE.exec(line)?.[1];
      if (inspectorUrl !== undefined) inspected.resolve(inspectorUrl);
    },
  });
  const ended = program.exited.then((how) => Promise.reject(new Error(`It ended: ${how}`)));
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("It was not ready in time")), READY_WITHIN_MS);
  try {
    const ready = Promise.all([listening.promise, inspected.promise]);
    const [url, inspectorUrl] = await Promise.race([ready, ended, late.promise]);
    return { program, url, lines, inspectorUrl };
  } catch (cause) {
    await program.stop();
    throw new Error(`The bot runtime did not start:\n${lines.join("\n")}`, { cause });
  } finally {
    clearTimeout(timer);
    // It ends some day, when nobody waits for that here.
    ended.catch(() => undefined);
  }
}

function passedOn(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}
