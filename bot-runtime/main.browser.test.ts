import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";

/** The promise that the program gives to whoever stops it, and its own spare time to keep it. */
const ENDS_WITHIN_MS = 3_000;

interface Line {
  event: string;
  url?: string;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** The program with its real browser, listening. */
async function start() {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: {
      ...process.env,
      APP_ENV: "development",
      PORT: "0",
      // Nobody listens there: no call is made here.
      DAILY_CALL_MACHINE_URL: "http://127.0.0.1:9/call-machine",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const events: string[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line;
    events.push(line.event);
    if (line.event === "server.listening" && line.url) return { child, url: line.url };
  }
  return expect.fail(`It ended before it listened: ${events.join(", ")}`);
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; ms: number }> {
  const startedAt = performance.now();
  child.stdout?.resume();
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, ms: performance.now() - startedAt };
}

describe("main", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("serves, and ends in order on %s", async (signal) => {
    const { child, url } = await start();
    const response = await fetch(`${url}/health`);
    expect(await response.json()).toMatchObject({ status: "ok", active: 0, draining: false });
    const ended = endOf(child);
    child.kill(signal);
    const { code, ms } = await ended;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(ENDS_WITHIN_MS);
  });
});
