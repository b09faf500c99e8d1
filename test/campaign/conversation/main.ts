/**
 * The campaign `conversation`: `main.ts --seed=<n> [--calls=<n>]`, where the calls are turns of one conversation. Exit
 * code 1 when something of it was not as it has to be.
 */
import { parseArgs } from "node:util";
import { talk } from "./talk.ts";

const TURNS = 50;
/** Bytes by which the bot runtime may grow from the tenth turn on: less than the sound of these turns. */
const MAX_GROWTH = 40_000_000;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(TURNS) } },
});
const { turns, interruptions, complaints, greetingMs, responseMs, memory } = await talk({
  seed: Number(values.seed),
  turns: Number(values.calls),
  progress: (turn, of) => process.stdout.write(`\r${turn} of ${of} turns`),
});
const growth = memory.end - memory.warm;
if (growth > MAX_GROWTH) complaints.push(`the bot runtime has grown by ${megabytes(growth)}`);
process.stdout.write(`\n
${turns} turns, ${interruptions} interruptions
client-ready to the first sound: ${Math.round(greetingMs)} ms
end of a turn to the first sound: ${responseMs === undefined ? "-" : Math.round(responseMs)} ms (mean)
memory of the bot runtime: ${megabytes(memory.warm)} → ${megabytes(memory.end)}

${complaints.length === 0 ? "All as it has to be." : complaints.join("\n")}
`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
