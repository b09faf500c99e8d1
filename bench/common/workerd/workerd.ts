import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V4WorkerOptionsShape } from "miniflare";
import { packageScript, ROOT, runStep } from "../../../scripts/steps.ts";
import { descendants } from "../../../test/support/processes.ts";
import { startProgram } from "../listening-program.ts";

/** A Worker in a workerd of its own. */
export interface RunningWorker extends AsyncDisposable {
  /** workerd's own socket, with nothing of a development server in front of it. */
  url: string;
  pid: number;
}

/** The script of our Worker, as a deployment has it. */
export async function buildOurs(): Promise<string> {
  // Takes a second, which whoever only asks for help should not wait.
  const { unstable_readConfig } = await import("wrangler");
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-bench-edge-"));
  try {
    // Without the build of the console and of the word what the Worker is built for: that one is for whoever has
    // a `wrangler dev` in this checkout, who would find a deployment's word in its place.
    const { name, main, compatibility_date, compatibility_flags, durable_objects, migrations, minify } =
      unstable_readConfig({ config: join(ROOT, "wrangler.toml"), env: "" });
    const config = {
      name,
      main,
      compatibility_date,
      compatibility_flags,
      durable_objects,
      migrations,
      minify,
    };
    await writeFile(join(folder, "wrangler.json"), JSON.stringify(config));
    const out = join(folder, "out");
    const { code, output } = await runStep(process.execPath, [
      packageScript("wrangler/bin/wrangler.js"),
      "deploy",
      "--dry-run",
      `--config=${join(folder, "wrangler.json")}`,
      `--outdir=${out}`,
    ]);
    if (code !== 0) throw new Error(`The Worker cannot be built:\n${output}`);
    return await readFile(join(out, "worker.js"), "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface WorkerOptions extends V4WorkerOptionsShape {
  /** Of its socket; any by default. */
  port?: number;
  /** Whether wrangler.toml says the rest. */
  ours?: boolean;
}

/** Our Worker, with these variables and no others: whatever a `.env` says. */
export function runOurs(
  script: string,
  { vars, port = 0 }: { vars: Record<string, string>; port?: number },
): Promise<RunningWorker> {
  return runWorker(script, { ours: true, port, bindings: vars });
}

/** Runs a script alone. */
export async function runWorker(script: string, options: WorkerOptions): Promise<RunningWorker> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-bench-worker-"));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "worker.js"), script);
  await writeFile(join(folder, "options.json"), JSON.stringify(options));
  const program = owned.use(await startProgram("bench/common/workerd/main.ts", { WORKER: folder }));
  const [workerd] = (await descendants(program.pid)).filter(({ name }) => name === "workerd");
  if (workerd === undefined) throw new Error("There is no workerd");
  const running = owned.move();
  return { url: program.url, pid: workerd.pid, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
