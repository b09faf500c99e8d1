/**
 * A Worker in workerd, by Miniflare, in a process of its own: Miniflare ends its process as soon as that hears a
 * signal, and what the Worker logs is read here. `WORKER` is a folder with `worker.js` and `options.json`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { ROOT } from "../../../scripts/steps.ts";
import type { WorkerOptions } from "./workerd.ts";

/** So many starts a minute are no caller's. */
const NO_LIMIT = { limit: 1_000_000, period: 60 } as const;

const folder = process.env.WORKER ?? "";
// Written by workerd.ts, which has the type.
const options = JSON.parse(await readFile(join(folder, "options.json"), "utf8")) as WorkerOptions;
const { port = 0, ours = false, ...worker } = options;

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    ...(ours ? ourOptions() : {}),
    ...worker,
    modules: [{ type: "ESModule", path: "worker.js", contents: await readFile(join(folder, "worker.js")) }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
    // What the Worker logs is read, as a platform would read it, and thrown away.
    handleStructuredLogs: () => {},
    log: new NoOpLog(),
    // Would be asked of the internet.
    cf: false,
    telemetry: { enabled: false },
  }),
);
const url = (await miniflare.unsafeGetDirectURL()).href.replace(/\/$/, "");
process.stdout.write(`${JSON.stringify({ event: "server.listening", url })}\n`);

/** As wrangler.toml says, without the console's files. */
function ourOptions() {
  const { assets: _console, ...rest } = unstable_getMiniflareWorkerOptions(
    join(ROOT, "wrangler.toml"),
  ).workerOptions;
  return { ...rest, ratelimits: { START_RATE: { namespace_id: "1001", simple: NO_LIMIT } } };
}
