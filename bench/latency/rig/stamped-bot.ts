import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SETTING_NAMES } from "../../../bot-runtime/settings.ts";
import { Program } from "../../../scripts/process-group.ts";
import { ROOT } from "../../../scripts/steps.ts";
import type { StackProgram } from "../../../test/support/stack.ts";
import { StampsSeen } from "../stamps/stamps-line.ts";

const STAMPS = fileURLToPath(new URL("../stamps/stamps.preload.ts", import.meta.url));
const PLANTED_DELAY = fileURLToPath(new URL("../stamps/planted-delay.preload.ts", import.meta.url));
/** A cold machine starts a Chromium first. */
const LISTENS_WITHIN_MS = 60_000;
const MAX_LINES = 500;
/** The Chromium to use is the machine's matter, all else the benchmark's. */
const INHERITED = new Set(["CHROMIUM_PATH"]);

export interface StampedBot {
  /** For the stack's `startBot`. */
  start(settings: Record<string, string>): Promise<StackProgram>;
  stamps: StampsSeen;
}

/**
 * The bot runtime as it is, in a process that notes when bytes come off its sockets and go to them.
 * @param plantedMs so long each message to and from Gemini is held, to prove that it would be noticed
 */
export function stampedBot(plantedMs: number): StampedBot {
  const stamps = new StampsSeen();
  const preloads = plantedMs > 0 ? [STAMPS, PLANTED_DELAY] : [STAMPS];
  return {
    stamps,
    start: async (settings) => {
      const lines: string[] = [];
      const listening = Promise.withResolvers<string>();
      const program = new Program({
        name: "bot",
        command: process.execPath,
        args: [...preloads.flatMap((preload) => ["--import", preload]), join(ROOT, "bot-runtime/main.ts")],
        cwd: ROOT,
        env: {
          ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name))),
          APP_ENV: "development",
          PORT: "0",
          BENCH_PLANTED_MS: String(plantedMs),
          ...settings,
        },
        onLine: (line) => {
          stamps.line(line);
          lines.push(line);
          if (lines.length > MAX_LINES) lines.shift();
          if (line.includes('"server.listening"')) listening.resolve(urlOf(line));
        },
      });
      try {
        return { program, url: await beforeTimeIsUp(listening.promise, program), lines };
      } catch (error) {
        await program.stop();
        throw new Error(`The bot runtime did not start:\n${lines.join("\n")}`, { cause: error });
      }
    },
  };
}

function isOurs(name: string): boolean {
  return SETTING_NAMES.includes(name) && !INHERITED.has(name);
}

function urlOf(line: string): string {
  // The bot runtime's own log, whose event has it.
  return (JSON.parse(line) as { url: string }).url;
}

async function beforeTimeIsUp<T>(ready: Promise<T>, program: Program): Promise<T> {
  const late = new AbortController();
  const tooLate = sleep(LISTENS_WITHIN_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error("not in time");
  });
  const ended = program.exited.then((how) => {
    throw new Error(`it ended: ${how}`);
  });
  // Whichever loses the race is nobody's any more.
  tooLate.catch(() => undefined);
  ended.catch(() => undefined);
  try {
    return await Promise.race([ready, ended, tooLate]);
  } finally {
    late.abort();
  }
}
