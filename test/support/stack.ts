/**
 * The whole product as processes on free ports, as `npm start` runs it on fixed ones: the emulators, a bot
 * runtime with its Chromium, and the edge in workerd. Nothing in it is replaced.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { Program } from "../../scripts/process-group.ts";
import { ROOT } from "../../scripts/steps.ts";
import { untilOk } from "../../scripts/until-ok.ts";
import { wranglerDev } from "../../scripts/wrangler-dev.ts";

/** For all programs together. A cold machine compiles the Worker and starts a Chromium first. */
const READY_TIMEOUT_MS = 90_000;
/** For the hook of a test that starts a stack: longer, so that the stack's own words are heard, and it is stopped. */
export const STACK_HOOK_TIMEOUT_MS = 120_000;
/** Lines kept of each program, shown when something fails. */
export const MAX_LINES = 500;
/**
 * For programs whose heaps are measured: without them every new call has something compiled better than before, or
 * thrown away, which is 100 kB a call in the beginning and hides what is looked for.
 */
const STEADY_HEAP_FLAGS = ["--no-opt", "--no-maglev", "--no-sparkplug", "--no-flush-bytecode"];
/** How Node says where its inspector is. */
const INSPECTOR_LINE = /^Debugger listening on (ws:\/\/\S+)$/;

/** Belong to the test runner and to wrangler, and would change how the programs behave. */
const RUNNERS_OWN = ["NODE_OPTIONS", "VITEST", "NODE_ENV", "CLOUDFLARE_INCLUDE_PROCESS_ENV"];

export interface StackProgram {
  program: Program;
  url: string;
  /** The newest lines that it printed. */
  lines: string[];
  /** Where its JavaScript can be looked into (a WebSocket of the DevTools protocol), when that was asked for. */
  inspectorUrl?: string;
}

export interface Stack extends AsyncDisposable {
  daily: StackProgram;
  gemini: StackProgram;
  bot: StackProgram;
  /** All bot runtimes: the first is `bot`. */
  bots: StackProgram[];
  edge: StackProgram;
  /** Starts a bot runtime again that has ended, where it was; of no use for one that was started elsewhere. */
  startAgain(bot: StackProgram): Promise<void>;
  /** All kept lines of all programs, for the message of a failing test. */
  transcript(): string;
}

export interface StackOptions {
  /**
   * Runs the bot runtime elsewhere than in a process of this checkout, with these settings; it has to be in
   * development. Resolves once it listens. The stack stops it.
   */
  startBot?: (settings: Record<string, string>) => Promise<StackProgram>;
  /** Settings of the bot runtimes beside those that they need to find the rest. */
  botSettings?: Record<string, string>;
  /** How many bot runtimes there are; one when not given. */
  bots?: number;
  /** Opens the inspectors of the Node programs, and keeps what the engine itself does from their heaps. */
  inspect?: boolean;
}

/** What belongs to one start of a stack. */
interface Start {
  /** What has been started so far, for whoever stops it. */
  started: StackProgram[];
  /** Scratch, removed at the end. */
  folder: string;
  /** Names of the variables that no program of the stack may take from the environment of the tests. */
  settings: string[];
  inspect: boolean;
  deadline: AbortSignal;
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { startBot, inspect = false } = options;
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-stack-"));
  const started: StackProgram[] = [];
  const start: Start = {
    started,
    folder,
    settings: await ourSettings(),
    inspect,
    deadline: AbortSignal.timeout(READY_TIMEOUT_MS),
  };
  const stop = async () => {
    await Promise.all(started.map(({ program }) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [daily, gemini] = await Promise.all([
      startNode(start, "daily", "emulators/daily/main.ts", {}),
      startNode(start, "gemini", "emulators/gemini/main.ts", {}),
    ]);
    const botSettings = {
      ...options.botSettings,
      GEMINI_BASE_URL: gemini.url,
      DAILY_CALL_MACHINE_URL: `${daily.url}/call-machine`,
    };
    const bot = startBot
      ? await startBot(botSettings)
      : await startNode(start, "bot", "bot-runtime/main.ts", botSettings);
    if (startBot) started.push(bot);
    const bots = [bot];
    // One after the other: each starts a Chromium.
    for (let number = 2; number <= (options.bots ?? 1); number += 1) {
      bots.push(await startNode(start, `bot ${number}`, "bot-runtime/main.ts", botSettings));
    }
    const edge = await startEdge(start, { daily, bots });
    return {
      daily,
      gemini,
      bot,
      bots,
      edge,
      startAgain: async (ended) => {
        const { name } = ended.program;
        // Whatever it has left behind goes first.
        await ended.program.stop();
        const at = { PORT: new URL(ended.url).port };
        const deadline = AbortSignal.timeout(READY_TIMEOUT_MS);
        const again = await startNode({ ...start, deadline }, name, "bot-runtime/main.ts", {
          ...botSettings,
          ...at,
        });
        // Whoever holds the program that has ended now has this one.
        Object.assign(ended, again);
      },
      transcript: () =>
        started.map(({ program, lines }) => `--- ${program.name}\n${lines.join("\n")}`).join("\n"),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(
  start: Start,
  name: string,
  entry: string,
  settings: Record<string, string>,
): Promise<StackProgram> {
  const listening = Promise.withResolvers<string>();
  const inspected = Promise.withResolvers<string>();
  const args = [...(start.inspect ? ["--inspect=127.0.0.1:0", ...STEADY_HEAP_FLAGS] : []), join(ROOT, entry)];
  const running = run(start, name, args, { PORT: "0", ...settings }, (line) => {
    if (line.includes('"server.listening"')) listening.resolve((JSON.parse(line) as { url: string }).url);
    const inspectorUrl = INSPECTOR_LINE.exec(line)?.[1];
    if (inspectorUrl !== undefined) inspected.resolve(inspectorUrl);
  });
  running.url = await beforeDeadline(start, running, listening.promise);
  if (start.inspect) running.inspectorUrl = await beforeDeadline(start, running, inspected.promise);
  return running;
}

async function startEdge(
  start: Start,
  { daily, bots }: { daily: StackProgram; bots: StackProgram[] },
): Promise<StackProgram> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const vars = {
    APP_ENV: "development",
    PUBLIC_URL: url,
    DAILY_API_URL: `${daily.url}/v1`,
    DAILY_CALL_MACHINE_URL: `${daily.url}/call-machine`,
    BOT_RUNTIME_URL: bots.map(({ url }) => url).join(","),
  };
  const noSettings = join(start.folder, "empty.env");
  await writeFile(noSettings, "");
  const running = run(
    start,
    "edge",
    wranglerDev({
      port,
      vars,
      // The empty file is in place of a developer's .env or .dev.vars, which wrangler would read by itself.
      more: [`--persist-to=${start.folder}`, `--env-file=${noSettings}`],
    }),
    {},
    () => {},
  );
  running.url = url;
  await beforeDeadline(start, running, untilOk(`${url}/health`, start.deadline));
  return running;
}

function run(
  { started, settings: ours }: Start,
  name: string,
  args: string[],
  settings: Record<string, string>,
  onLine: (line: string) => void,
): StackProgram {
  const lines: string[] = [];
  const program = new Program({
    name,
    command: process.execPath,
    args,
    cwd: ROOT,
    env: {
      ...without(process.env, [...ours, ...RUNNERS_OWN]),
      APP_ENV: "development",
      WRANGLER_SEND_METRICS: "false",
      ...settings,
    },
    onLine: (line) => {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
      onLine(line);
    },
  });
  const running: StackProgram = { program, url: "", lines };
  started.push(running);
  return running;
}

/** Every variable that a program of ours reads, but the Chromium to use. */
async function ourSettings(): Promise<string[]> {
  const example = parseEnv(await readFile(join(ROOT, ".env.example"), "utf8"));
  return Object.keys(example).filter((name) => name !== "CHROMIUM_PATH");
}

function without(env: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

/** Resolves as `ready` does; throws with the program's lines when it ends before, or time is up. */
async function beforeDeadline<T>(
  { deadline }: Start,
  { program, lines }: StackProgram,
  ready: Promise<T>,
): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener("abort", () => reject(new Error("not ready in time")), { once: true });
  });
  const exited = program.exited.then((how) => {
    throw new Error(`it ended: ${how}`);
  });
  try {
    return await Promise.race([ready, exited, late]);
  } catch (error) {
    throw new Error(`The ${program.name} did not start (${(error as Error).message}):\n${lines.join("\n")}`);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("no port"));
      server.close(() => resolve(address.port));
    });
  });
}
