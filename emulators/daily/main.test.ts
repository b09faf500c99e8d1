import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { SETTING_NAMES } from "./settings.ts";

/** On a machine that is busy a program takes seconds to start. */
const START_WITHIN_MS = 20_000;
vi.setConfig({ testTimeout: 2 * START_WITHIN_MS });

function start(environment: Record<string, string>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: { ...process.env, APP_ENV: "development", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  return { child, output: () => output, ended: once(child, "close") };
}

test("serves on a free port, says where in one line, and ends cleanly on a signal", async () => {
  const { child, output, ended } = start({ PORT: "0" });
  await expect.poll(output, { timeout: START_WITHIN_MS }).toMatch(/server\.listening.*\n/);
  const { event, url, program } = JSON.parse(output());
  expect({ event, program }).toEqual({ event: "server.listening", program: "daily-emulator" });
  expect((await fetch(`${url}/_emulator/state`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("a call that a fault delays for an hour does not keep it from ending", async () => {
  const { child, output, ended } = start({ PORT: "0" });
  await expect.poll(output, { timeout: START_WITHIN_MS }).toMatch(/server\.listening.*\n/);
  const { url } = JSON.parse(output());
  const body = JSON.stringify({ fault: "rest", delayMs: 3_600_000 });
  await fetch(`${url}/_emulator/faults`, { method: "POST", body });
  const headers = { authorization: `Bearer ${EMULATED_DAILY.apiKey}` };
  const calls = [fetch(`${url}/v1/`, { headers }), fetch(`${url}/v1/`, { headers })];
  // One of them is served, which shows that the other is the one that waits.
  await Promise.race(calls);
  child.kill("SIGTERM");
  const ends = (await Promise.allSettled(calls)).map(({ status }) => status);
  expect(ends.sort()).toEqual(["fulfilled", "rejected"]);
  expect(await ended).toEqual([0, null]);
});

test("refuses production with a sentence", async () => {
  const { output, ended } = start({ APP_ENV: "production" });
  expect(await ended).toEqual([1, null]);
  expect(output()).toBe(
    "The Daily emulator cannot start: APP_ENV is production, where an emulator has no place.\n",
  );
});

test("Daily's rate limits are on when they are asked for", async () => {
  const { child, output, ended } = start({ PORT: "0", DAILY_EMULATOR_RATE_LIMITS: "true" });
  await expect.poll(output, { timeout: START_WITHIN_MS }).toMatch(/server\.listening.*\n/);
  const { url } = JSON.parse(output());
  const headers = { authorization: `Bearer ${EMULATED_DAILY.apiKey}` };
  // At once: the limit is for five seconds, which one after the other might take longer.
  const calls = Array.from({ length: 101 }, async () => (await fetch(`${url}/v1/`, { headers })).status);
  expect(new Set(await Promise.all(calls))).toEqual(new Set([200, 429]));
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("a rate limit that is neither on nor off is a sentence", async () => {
  const { output, ended } = start({ DAILY_EMULATOR_RATE_LIMITS: "yes" });
  expect(await ended).toEqual([1, null]);
  expect(output()).toBe(
    "The Daily emulator cannot start: DAILY_EMULATOR_RATE_LIMITS has to be true or false.\n",
  );
});

test("names all settings that it reads", () => {
  expect(SETTING_NAMES).toEqual(["APP_ENV", "PORT", "DAILY_EMULATOR_RATE_LIMITS"]);
});
