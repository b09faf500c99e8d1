/**
 * `npm run campaign -- <name>`: long runs of the whole product that look for what a single test cannot see. A small
 * run of each is part of `npm test`. See `--help`.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./steps.ts";

interface Campaign {
  /** What it looks for, in a line. */
  summary: string;
  /** The program, which takes `--seed` and `--calls`. */
  entry: string;
}

const CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  api: {
    summary:
      "20,000 requests at the edge, made of its OpenAPI document: each answer has to be as it promises; four minutes",
    entry: "test/campaign/api/main.ts",
  },
  leaks: {
    summary:
      "many calls one after the other and in pairs: what is left of them in heaps, sockets, timers, pages",
    entry: "test/campaign/leaks/main.ts",
  },
  crash: {
    summary:
      "pages and browsers of the bot runtime killed beneath calls in mid-sentence: how long each is silent; five minutes",
    entry: "test/campaign/crash/main.ts",
  },
  recovery: {
    summary:
      "bot runtimes killed beneath calls in mid-sentence, or asked to end: how long until the next bot is heard; five minutes",
    entry: "test/campaign/recovery/main.ts",
  },
  vad: {
    summary:
      "sentences in six languages and three levels of noise, and noise alone: what is heard, and how soon",
    entry: "test/campaign/vad/main.ts",
  },
  gemini: {
    summary:
      "1,000 calls in memory with a connection to Gemini that fails in every way: what is lost of them",
    entry: "test/campaign/gemini/main.ts",
  },
  "gemini-mutations": {
    summary: "the same, with one rule after the other switched off: each has to be missed",
    entry: "test/campaign/gemini/mutations.ts",
  },
  conversation: {
    summary:
      "one call of fifty turns, most of them interruptions, in Chromium: what is heard, what is kept, what it costs; ten minutes",
    entry: "test/campaign/conversation/main.ts",
  },
  container: {
    summary: "the bot runtime's image, built and used without Docker: root on Debian, four minutes",
    entry: "test/campaign/container/main.ts",
  },
};

const LIST = Object.entries(CAMPAIGNS)
  .map(([name, { summary }]) => `  ${name.padEnd(17)} ${summary}`)
  .join("\n");

const HELP = `npm run campaign -- <name> [options]

${LIST}

  --seed <n>    which calls are made; the same ones for the same seed (default: one that is new each time)
  --calls <n>   how many, beside those of the warm-up (the default is the campaign's own)
  --help        this text
`;

/** Also what a 32 bit generator can tell apart. */
const MAX_SEED = 2 ** 31 - 1;
const MAX_CALLS = 100_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const read = readOptions(args);
  if ("wrong" in read) {
    process.stderr.write(`${read.wrong}\n\n${HELP}`);
    return 1;
  }
  if (read.name === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const campaign = Object.hasOwn(CAMPAIGNS, read.name) ? CAMPAIGNS[read.name] : undefined;
  if (campaign === undefined) {
    process.stderr.write(`There is no campaign "${read.name}".\n\n${HELP}`);
    return 1;
  }
  const calls = read.calls === undefined ? [] : [`--calls=${read.calls}`];
  process.stdout.write(`${read.name}, seed ${read.seed}\n`);
  const code = await run([join(ROOT, campaign.entry), `--seed=${read.seed}`, ...calls]);
  if (code !== 0) {
    const again = [
      "npm run campaign --",
      read.name,
      `--seed ${read.seed}`,
      ...calls.map(() => `--calls ${read.calls}`),
    ];
    process.stdout.write(`\nThe same calls again: ${again.join(" ")}\n`);
  }
  return code;
}

type Options = { name: string | undefined; seed: number; calls: number | undefined } | { wrong: string };

function readOptions(args: string[]): Options {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        seed: { type: "string" },
        calls: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (positionals.length > 1) return { wrong: "One campaign at a time." };
    return {
      name: values.help ? undefined : positionals[0],
      seed: wholeNumber("--seed", values.seed, MAX_SEED) ?? Math.floor(Math.random() * MAX_SEED),
      calls: wholeNumber("--calls", values.calls, MAX_CALLS),
    };
  } catch (error) {
    return { wrong: (error as Error).message };
  }
}

/** @throws Error with a sentence when it is none, or is 0 or too large */
function wholeNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new Error(`${name} takes a whole number from 1 to ${most}, not "${text}".`);
}

/** In a process of its own, which ends with this one: it hears the same Ctrl-C. */
function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  // Ours to wait for: it ends its programs first.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => resolve(code ?? 1));
  });
}
