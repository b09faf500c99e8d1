import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { SETTING_NAMES } from "./settings.ts";
import { LIVE_PATH } from "./test-support/paths.ts";

type Program = ChildProcessByStdio<null, Readable, Readable>;

function run(env: Record<string, string>): Program {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: { ...process.env, APP_ENV: "development", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

async function firstEvent({ stdout }: Program): Promise<Record<string, unknown>> {
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line);
  throw new Error("the program said nothing");
}

test("says where it listens, and ends on a signal though a client does not let go", async () => {
  const child = run({});
  const { event, url, program } = await firstEvent(child);
  expect({ event, program }).toEqual({ event: "server.listening", program: "gemini-emulator" });
  expect((await fetch(`${url}/_emulator/sessions`)).status).toBe(200);
  // A client that does not answer the close frame.
  const socket = new WebSocket(`${url}${LIVE_PATH}?key=${EMULATED_GEMINI_KEY}`);
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  socket.pause();
  child.kill("SIGTERM");
  const [code] = await once(child, "exit", { signal: AbortSignal.timeout(10_000) });
  expect(code).toBe(0);
}, 30_000);

test("refuses production, and exits with 1", async () => {
  const child = run({ APP_ENV: "production" });
  const [[code], said] = await Promise.all([once(child, "exit"), child.stderr.toArray()]);
  expect(code).toBe(1);
  expect(said.join("")).toBe(
    "The Gemini emulator cannot start: APP_ENV is production, where an emulator has no place.\n",
  );
}, 30_000);

test("names all settings that it reads", () => {
  expect(SETTING_NAMES).toEqual(["APP_ENV", "PORT"]);
});
