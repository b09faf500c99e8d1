/** The campaign `api`: `main.ts --seed=<n> [--calls=<n>]`. Exit code 1 when an answer breaks a promise. */
import { parseArgs } from "node:util";
import { runApi } from "./api.ts";

const REQUESTS = 20_000;
/** Each costs a room, objects that are kept on disk, and two tokens. */
const MAX_SESSIONS = 500;
/** A smaller run cannot be held to having met everything. */
const COMPLETE_FROM = 5_000;
const PROGRESS_EVERY = 200;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, calls: { type: "string", default: String(REQUESTS) } },
});
const requests = Number(values.calls);
const { coverage, missing, asked, begun, failure, complaints, watched } = await runApi({
  seed: Number(values.seed),
  requests,
  maxSessions: Math.ceil((MAX_SESSIONS * Math.min(requests, REQUESTS)) / REQUESTS),
  onProgress: (done) => {
    if (done % PROGRESS_EVERY === 0) process.stdout.write(`\r${done} of ${requests} requests`);
  },
});
const wrong = [
  ...(failure === undefined ? [] : [failure]),
  ...complaints,
  ...(failure === undefined && requests >= COMPLETE_FROM ? missing.map((one) => `never met: ${one}`) : []),
];
process.stdout.write(
  `\n\n${coverage.table()}\n\n${asked} requests; ${begun} began a session, ${watched} of which were watched to their end.\n`,
);
process.stdout.write(wrong.length === 0 ? "Every answer is as promised.\n" : `${wrong.join("\n")}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
