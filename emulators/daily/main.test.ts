import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SETTING_NAMES } from "./settings.ts";

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
  await expect.poll(output, { timeout: 10_000 }).toMatch(/server\.listening.*\n/);
  const { event, url, program } = JSON.parse(output());
  expect({ event, program }).toEqual({ event: "server.listening", program: "daily-emulator" });
  expect((await fetch(`${url}/_emulator/state`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("refuses production with a sentence", async () => {
  const { output, ended } = start({ APP_ENV: "production" });
  expect(await ended).toEqual([1, null]);
  expect(output()).toBe(
    "The Daily emulator cannot start: APP_ENV is production, where an emulator has no place.\n",
  );
});

test("names all settings that it reads", () => {
  expect(SETTING_NAMES).toEqual(["APP_ENV", "PORT"]);
});
