import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { DEV_SIGNING_KEY } from "../protocol/development.ts";
import { signRequest } from "../protocol/signing.ts";
import { startSignal } from "./testing/start-signal.ts";

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
async function start(settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: {
      ...process.env,
      APP_ENV: "development",
      PORT: "0",
      // Nobody listens there: no call is made here.
      DAILY_CALL_MACHINE_URL: "http://127.0.0.1:9/call-machine",
      ...settings,
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

  it("drains on SIGTERM for as long as it may, takes no call then, and ends at once on a second one", async () => {
    const { child, url } = await start({ DRAIN_MS: "600000" });
    const call = (sessionId: string) => startCall(url, sessionId);
    expect(await call("stays")).toBe(202);
    child.kill("SIGTERM");
    await expect
      .poll(async () => (await fetch(`${url}/health`)).json())
      .toMatchObject({ status: "degraded", draining: true, active: 1 });
    expect(await call("late")).toBe(503);
    expect(child.exitCode).toBeNull();

    const ended = endOf(child);
    child.kill("SIGTERM");
    const { code, ms } = await ended;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(ENDS_WITHIN_MS);
  });
});

async function startCall(url: string, sessionId: string): Promise<number> {
  const link = { url: "ws://127.0.0.1:9/link", token: "link-token" };
  const body = JSON.stringify(startSignal({ sessionId, link, expiresAt: inAnHour() }));
  const authorization = await signRequest(DEV_SIGNING_KEY, { method: "POST", path: "/sessions", body });
  const headers = { authorization, "content-type": "application/json" };
  return (await fetch(`${url}/sessions`, { method: "POST", headers, body })).status;
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
