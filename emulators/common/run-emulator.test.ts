import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { listenOnLoopback } from "./loopback.ts";

/** On a machine that is busy a program takes seconds to start. */
const START_WITHIN_MS = 20_000;
vi.setConfig({ testTimeout: 2 * START_WITHIN_MS });

const here = (file: string) => JSON.stringify(pathToFileURL(`${import.meta.dirname}/${file}`).href);

/** A program around an emulator that is a bare HTTP server. `close` is the body of its async close. */
function run(close: string, environment: Record<string, string> = {}) {
  const program = `
    import { createServer } from "node:http";
    import { listenOnLoopback } from ${here("loopback.ts")};
    import { runEmulator } from ${here("run-emulator.ts")};
    import { emulatorSettings } from ${here("settings.ts")};
    import { z } from "zod";
    const server = createServer();
    await runEmulator({
      name: "test",
      settings: emulatorSettings(0).extend({ MOOD: z.string().default("calm") }),
      log: (event) => console.log(JSON.stringify(event)),
      start: async ({ port, settings: { MOOD } }) => ({
        url: \`\${await listenOnLoopback(server, port)}/\${MOOD}\`,
        close: async () => { ${close} },
      }),
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: { ...process.env, APP_ENV: "development", PORT: "0", ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    said.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.err += chunk;
  });
  return {
    child,
    said,
    ended: once(child, "close"),
    listening: () =>
      expect.poll(() => said.out, { timeout: START_WITHIN_MS }).toMatch(/server\.listening.*\n/),
    lines: () =>
      said.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
  };
}

/** Closes when it is told to on standard input, so that a test can do something meanwhile. */
const CLOSE_WHEN_TOLD = `
  console.log(JSON.stringify({ event: "closing" }));
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.destroy();
  server.close();`;

test.each(["SIGTERM", "SIGINT"] as const)(
  "says where it listens, and ends by itself on %s, said twice",
  async (signal) => {
    const { child, said, ended, listening, lines } = run(CLOSE_WHEN_TOLD);
    await listening();
    child.kill(signal);
    await expect.poll(() => said.out, { timeout: START_WITHIN_MS }).toMatch(/closing.*\n/);
    child.kill(signal);
    child.stdin.end("Close.");
    expect(await ended).toEqual([0, null]);
    expect(lines()).toEqual([
      { event: "server.listening", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/calm$/) },
      { event: "closing" },
      { event: "server.stopped", signal },
    ]);
  },
);

test("starts with the settings that it has beside the common ones", async () => {
  const { said, listening, lines } = run("server.close();", { MOOD: "cheerful" });
  await listening();
  expect(said.err).toBe("");
  expect(lines()).toEqual([{ event: "server.listening", url: expect.stringMatching(/\/cheerful$/) }]);
});

test("ends by itself where closing hangs, and where something outlives it", async () => {
  const programs = [run("await new Promise(() => {});"), run("")];
  for (const { listening } of programs) await listening();
  for (const { child } of programs) child.kill("SIGTERM");
  expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([
    [1, null],
    [1, null],
  ]);
});

test("logs a closing that fails, and exits with 1", async () => {
  const { child, ended, listening, lines } = run('server.close(); throw new Error("Stuck.");');
  await listening();
  child.kill("SIGTERM");
  expect(await ended).toEqual([1, null]);
  expect(lines().at(-1)).toEqual({ event: "server.close_failed", level: "error", error: "Error: Stuck." });
});

test("a wrong setting is a sentence", async () => {
  const { ended, said } = run("", { PORT: "http" });
  expect(await ended).toEqual([1, null]);
  expect(said).toEqual({ out: "", err: "The test emulator cannot start: PORT has to be a port number.\n" });
});

test("a port in use is a sentence and not a stack", async () => {
  const other = createServer();
  onTestFinished(() => void other.close());
  const { port } = new URL(await listenOnLoopback(other, 0));
  const { ended, said } = run("", { PORT: port });
  expect(await ended).toEqual([1, null]);
  const err = `The test emulator cannot start: port ${port} is in use. Set PORT to another one.\n`;
  expect(said).toEqual({ out: "", err });
});
