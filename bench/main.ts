/**
 * `npm run bench [name…]`: what the product costs and how quick it is, each figure beside its floor from the same
 * run. See `--help` and docs/bench.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { BENCHES } from "./benches.ts";
import { type Bench, type BenchOptions, OWN_OPTIONS, type OwnOption } from "./common/bench.ts";
import { describeMachine, load, machineText } from "./common/machine.ts";
import { comparisonOf, jsonOf, type Result, tableOf } from "./common/report.ts";

const DEFAULT_RUNS = 5;
const MAX_RUNS = 1_000;
/** Also what a 32 bit generator can tell apart. */
const MAX_SEED = 2 ** 31 - 1;

const list = (from: readonly (readonly [string, string])[]) =>
  from.map(([name, text]) => `  ${name.padEnd(16)} ${text}`).join("\n");

const HELP = `npm run bench [name…] [-- options]

${list(BENCHES.map(({ name, summary, byNameOnly }) => [name, `${summary}${byNameOnly ? " (by name only)" : ""}`]))}

${list([
  ["--runs <n>", `how often each thing is measured (${DEFAULT_RUNS})`],
  ["--seed <n>", "of all that is random (1)"],
  ["--json <file>", "writes everything there, every sample too"],
  ["--against <file>", "says how far this run agrees with that one"],
  ...Object.entries(OWN_OPTIONS).map(([name, text]) => [`--${name} <…>`, text] as const),
  ["--help", "this text"],
])}
`;

/** What a file of `--json` has that is compared. */
const Earlier = z.object({
  benches: z.array(
    z.object({
      name: z.string(),
      rows: z.array(z.object({ label: z.string(), median: z.number(), ratio: z.number().optional() })),
    }),
  ),
});

interface Wanted {
  benches: readonly Bench[];
  runs: number;
  seed: number;
  json: string | undefined;
  against: z.infer<typeof Earlier> | undefined;
  own: Readonly<Partial<Record<OwnOption, string>>>;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const wanted = await readOptions(args).catch((error: unknown) => ({ wrong: (error as Error).message }));
  if (wanted === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if ("wrong" in wanted) {
    process.stderr.write(`${wanted.wrong}\n\n${HELP}`);
    return 1;
  }
  const stopping = new AbortController();
  // Everything that runs is ended by its owner. Whoever cannot wait sends the signal again.
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(1);
    process.stderr.write(`\n${signal}: ending what runs\n`);
    stopping.abort(new Error("Stopped"));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    return await run(wanted, stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    process.stderr.write("Stopped.\n");
    return 130;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

async function run(wanted: Wanted, signal: AbortSignal): Promise<number> {
  const startedAt = new Date().toISOString();
  const machine = await describeMachine();
  process.stdout.write(`${machineText(machine)}\n`);
  const results: Result[] = [];
  for (const bench of wanted.benches) {
    const options: BenchOptions = {
      runs: wanted.runs,
      seed: wanted.seed,
      progress: (text) => process.stderr.write(`${bench.name}: ${text}\n`),
      signal,
      option: (name) => wanted.own[name],
    };
    const [began, loadBefore] = [performance.now(), load()];
    const report = await bench.run(options);
    signal.throwIfAborted();
    const durationMs = Math.round(performance.now() - began);
    const result = { name: bench.name, report, durationMs, loadBefore, loadAfter: load() };
    results.push(result);
    process.stdout.write(`\n${tableOf(result)}\n`);
    // After each: what was measured is not lost with what comes.
    if (wanted.json !== undefined) {
      const json = jsonOf({ machine, startedAt, seed: wanted.seed, runs: wanted.runs, results });
      await writeFile(wanted.json, `${JSON.stringify(json, undefined, 2)}\n`);
    }
  }
  if (wanted.against !== undefined) {
    process.stdout.write(
      `\nThe earlier run and this one:\n${comparisonOf(wanted.against, results).join("\n")}\n`,
    );
  }
  return 0;
}

/** @throws Error with a sentence for the user */
async function readOptions(args: string[]): Promise<Wanted | "help"> {
  const own = Object.keys(OWN_OPTIONS) as OwnOption[]; // its keys and no others
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      runs: { type: "string" },
      seed: { type: "string" },
      json: { type: "string" },
      against: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
      ...Object.fromEntries(own.map((name) => [name, { type: "string" } as const])),
    },
  });
  if (values.help) return "help";
  const benches = positionals.map((name) => {
    const found = BENCHES.find((bench) => bench.name === name);
    if (found === undefined) throw new Error(`There is no benchmark "${name}".`);
    return found;
  });
  // The type of what is spread in above is lost on the way.
  const given = values as Record<string, string | boolean | undefined>;
  const text = (name: string) => (typeof given[name] === "string" ? given[name] : undefined);
  const against = text("against");
  return {
    benches: benches.length > 0 ? benches : BENCHES.filter(({ byNameOnly }) => byNameOnly !== true),
    runs: wholeNumber("--runs", text("runs"), MAX_RUNS) ?? DEFAULT_RUNS,
    seed: wholeNumber("--seed", text("seed"), MAX_SEED) ?? 1,
    json: text("json"),
    against: against === undefined ? undefined : await readEarlier(against),
    own: Object.fromEntries(own.map((name) => [name, text(name)])),
  };
}

async function readEarlier(path: string): Promise<z.infer<typeof Earlier>> {
  const file = await readFile(path, "utf8").catch(() => {
    throw new Error(`--against: ${path} cannot be read.`);
  });
  try {
    return Earlier.parse(JSON.parse(file));
  } catch {
    throw new Error(`--against: ${path} is no file that --json wrote.`);
  }
}

/** @throws Error with a sentence when it is none, or is 0 or too large */
function wholeNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new Error(`${name} takes a whole number from 1 to ${most}, not "${text}".`);
}
