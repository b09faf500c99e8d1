import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { alive, descendants } from "../test/support/processes.ts";
import { freePort } from "../test/support/stack.ts";
import { ROOT } from "./steps.ts";

/** Parts as Node source, run with PORT set. */
const SERVES = `require("node:http").createServer((_, response) => response.end()).listen(process.env.PORT, "127.0.0.1");`;
const STUCK = `process.on("SIGTERM", () => {}); ${SERVES}`;
const NEVER_READY = "setInterval(() => {}, 1000);";
const CRASHES = "console.log('no good'); process.exit(3);";

interface Run {
  child: ChildProcess;
  lines: string[];
  until(line: string): Promise<void>;
  /** Exit code, once it is gone. */
  exited: Promise<number | null>;
}

const runs: ChildProcess[] = [];
afterEach(() => {
  for (const child of runs.splice(0)) child.kill("SIGKILL");
});

/** A supervisor as its own process: signals, and what is left of it, are what these tests are about. */
async function supervise(sources: Record<string, string>, ports: Record<string, number> = {}): Promise<Run> {
  const parts = await Promise.all(
    Object.entries(sources).map(async ([name, source]) => {
      const port = ports[name] ?? (await freePort());
      return { name, port, readyUrl: `http://127.0.0.1:${port}/`, command: ["-e", source] };
    }),
  );
  const script = `
    import { runParts } from "./scripts/supervisor.ts";
    const parts = ${JSON.stringify(parts)}.map((part) => ({ ...part, env: { ...process.env, PORT: part.port } }));
    const onLine = (name, line) => process.stdout.write(name + ": " + line + "\\n");
    await runParts({ parts, onLine, banner: "All up.\\n" }).catch((error) => {
      console.log(error.message);
      process.exitCode = 1;
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  runs.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  return {
    child,
    lines,
    until: (line) => expect.poll(() => lines, { timeout: 10_000 }).toContain(line),
    exited: once(child, "exit").then(([code]) => code as number | null),
  };
}

async function family({ child }: Run): Promise<number[]> {
  return (await descendants(child.pid ?? 0)).map(({ pid }) => pid);
}

describe("runParts", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("stops all on %s", async (signal) => {
    const run = await supervise({ a: SERVES, b: SERVES });
    await run.until("All up.");
    const pids = await family(run);
    expect(pids.length).toBeGreaterThanOrEqual(2);
    run.child.kill(signal);
    expect(await run.exited).toBe(0);
    expect(run.lines.at(-1)).toBe("Stopped.");
    await expect.poll(() => alive(pids)).toEqual([]);
  });

  it("stops all when it is interrupted before they are ready", async () => {
    const run = await supervise({ a: SERVES, b: NEVER_READY });
    await run.until("Starting ...");
    await expect.poll(() => family(run).then(({ length }) => length)).toBeGreaterThanOrEqual(2);
    const pids = await family(run);
    run.child.kill("SIGINT");
    expect(await run.exited).toBe(0);
    expect(run.lines).not.toContain("All up.");
    await expect.poll(() => alive(pids)).toEqual([]);
  });

  it("takes the same Ctrl-C twice for one, and kills what is stuck at the next", async () => {
    const run = await supervise({ a: STUCK });
    await run.until("All up.");
    const pids = await family(run);
    run.child.kill("SIGINT");
    run.child.kill("SIGINT");
    const askedAt = performance.now();
    await expect.poll(() => performance.now() - askedAt, { timeout: 3_000 }).toBeGreaterThan(1_000);
    expect(await alive(pids)).toEqual(pids);
    run.child.kill("SIGINT");
    expect(await run.exited).toBe(0);
    // Well before the grace that one Ctrl-C gives.
    expect(performance.now() - askedAt).toBeLessThan(4_000);
    await expect.poll(() => alive(pids)).toEqual([]);
  });

  it("stops all when one ends by itself, and says which", async () => {
    const run = await supervise({ a: SERVES, b: CRASHES });
    expect(await run.exited).toBe(1);
    expect(run.lines).toContain("b: no good");
    expect(run.lines).toContain("The b part ended by itself (3). Stopping the others.");
  });

  it("stops all when nobody reads what it prints any more", async () => {
    const run = await supervise({ a: `${SERVES} setInterval(() => console.log("tick"), 20);` });
    await run.until("All up.");
    const pids = await family(run);
    run.child.stdout?.destroy();
    expect(await run.exited).toBe(0);
    await expect.poll(() => alive(pids)).toEqual([]);
  });

  it("starts nothing when a port is in use", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const address = holder.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const run = await supervise({ a: SERVES, b: SERVES }, { b: port });
    expect(await run.exited).toBe(1);
    expect(run.lines.join()).toMatch(new RegExp(`^Port ${port}, which the b part needs, is in use`));
    holder.close();
  });
});
