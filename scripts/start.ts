/**
 * `npm start`: the whole product on this machine, each part as its own process. What has no key in `.env` is
 * emulated. See `--help`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DEV_PORTS } from "../protocol/development.ts";
import { formatLine } from "./log-lines.ts";
import { ROOT } from "./steps.ts";
import { type Part, runParts, UserError } from "./supervisor.ts";
import { wranglerDev } from "./wrangler-dev.ts";

const HELP = `npm start [-- options]

Runs the edge, a bot runtime, and emulators of Daily and Gemini Live where .env has no key for them.

  --bots <n>   bot runtimes, 1 to 4; the first on port ${DEV_PORTS.botRuntime}, the next on ${DEV_PORTS.botRuntime + 10}, ... (default 1)
  --json       all log lines, as they are (JSON), instead of a readable choice of them
  --help       this text
`;

const MAX_BOTS = 4;

await main().catch((error: unknown) => {
  process.stderr.write(error instanceof UserError ? `${error.message}\n` : `${(error as Error).stack}\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const envFile = join(ROOT, ".env");
  if (existsSync(envFile)) process.loadEnvFile(envFile);
  const real = { daily: Boolean(process.env.DAILY_API_KEY), gemini: Boolean(process.env.GOOGLE_API_KEY) };

  await runParts({
    parts: listParts(options.bots, real),
    banner: banner(real),
    onLine: (name, line) => {
      const shown = options.json ? line : formatLine(name, line);
      if (shown !== undefined) process.stdout.write(`${shown}\n`);
    },
  });
}

function readOptions(): { bots: number; json: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        bots: { type: "string", default: "1" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const bots = Number(values.bots);
    if (!Number.isInteger(bots) || bots < 1 || bots > MAX_BOTS) {
      throw new UserError(`--bots takes a whole number from 1 to ${MAX_BOTS}, not "${values.bots}".`);
    }
    return { bots, json: values.json, help: values.help };
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function listParts(bots: number, real: { daily: boolean; gemini: boolean }): Part[] {
  const env = { ...process.env, APP_ENV: "development", WRANGLER_SEND_METRICS: "false" };
  const parts: Part[] = [];
  const node = (name: string, entry: string, port: number, ready: string): Part => ({
    name,
    port,
    readyUrl: `http://127.0.0.1:${port}${ready}`,
    command: [entry],
    env: { ...env, PORT: String(port) },
  });
  if (!real.daily) parts.push(node("daily", "emulators/daily/main.ts", DEV_PORTS.daily, "/_emulator/state"));
  if (!real.gemini) {
    parts.push(node("gemini", "emulators/gemini/main.ts", DEV_PORTS.gemini, "/_emulator/sessions"));
  }
  const botUrls: string[] = [];
  for (let index = 0; index < bots; index += 1) {
    const port = DEV_PORTS.botRuntime + 10 * index;
    parts.push(node(bots > 1 ? `bot ${index + 1}` : "bot", "bot-runtime/main.ts", port, "/health"));
    botUrls.push(`http://127.0.0.1:${port}`);
  }
  parts.push({
    name: "edge",
    port: DEV_PORTS.edge,
    readyUrl: `http://127.0.0.1:${DEV_PORTS.edge}/health`,
    command: wranglerDev({
      port: DEV_PORTS.edge,
      vars: { APP_ENV: "development", BOT_RUNTIME_URL: botUrls.join(",") },
    }),
    // Wrangler reads .env by itself, but not what the shell sets: the edge and the bots have to agree on keys.
    env: { ...env, CLOUDFLARE_INCLUDE_PROCESS_ENV: "true" },
  });
  return parts;
}

function banner(real: { daily: boolean; gemini: boolean }): string {
  const daily = real.daily ? "real" : "emulated          (DAILY_API_KEY in .env for the real one)";
  const gemini = real.gemini
    ? "real"
    : "emulated: a demo voice that repeats what you say          (GOOGLE_API_KEY in .env for the real one)";
  return `
Chat-VRD is running.

  Talk to it    http://localhost:${DEV_PORTS.edge}
  Daily         ${daily}
  Gemini Live   ${gemini}

Ctrl-C stops it.

`;
}
