import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { alive } from "../test/support/processes.ts";
import { Program } from "./process-group.ts";
import { ROOT } from "./steps.ts";

/** Starts a grandchild that ignores SIGTERM, then stays. */
const FAMILY = `
const { spawn } = require("node:child_process");
const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"]);
setInterval(() => {}, 1000);
`;

function start(script: string): { program: Program; firstLine: Promise<string> } {
  const line = Promise.withResolvers<string>();
  const program = new Program({
    name: "test",
    command: process.execPath,
    args: ["-e", script],
    cwd: process.cwd(),
    env: process.env,
    onLine: line.resolve,
  });
  return { program, firstLine: line.promise };
}

describe("Program.stop", () => {
  it("lets a program end by itself", async () => {
    const { program, firstLine } = start(
      "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up')",
    );
    expect(await firstLine).toBe("up");
    await program.stop();
    expect(await program.exited).toBe(7);
  });

  it("kills one that is stuck, and all that it started", async () => {
    const { program, firstLine } = start(
      `process.on('SIGTERM', () => {}); ${FAMILY} child.once("spawn", () => console.log(child.pid));`,
    );
    const grandchild = Number(await firstLine);
    await program.stop(50);
    expect(await program.exited).toBe("SIGKILL");
    await expect.poll(() => alive([grandchild])).toEqual([]);
  });

  it("kills what a program left behind when it ended by itself", async () => {
    const { program, firstLine } = start(
      `${FAMILY} child.once("spawn", () => console.log(child.pid)); process.on('SIGTERM', () => process.exit(0));`,
    );
    const grandchild = Number(await firstLine);
    await program.stop();
    await expect.poll(() => alive([grandchild])).toEqual([]);
  });

  it("kills one that is frozen", async () => {
    const { program, firstLine } = start("console.log('up'); setInterval(() => {}, 1000)");
    await firstLine;
    process.kill(program.pid ?? 0, "SIGSTOP");
    await program.stop(50);
    expect(await program.exited).toBe("SIGKILL");
  });

  it("is harmless after the end, and when the program could not be started", async () => {
    const { program } = start("");
    await program.exited;
    await program.stop();
    const missing = new Program({
      name: "x",
      command: "/no/such/program",
      args: [],
      cwd: "/",
      env: {},
      onLine: () => {},
    });
    expect(await missing.exited).toMatch(/ENOENT/);
    await missing.stop();
  });
});

describe("a program whose owner is killed", () => {
  it("is killed as well, with all that it started", async () => {
    const family = `process.on('SIGTERM', () => {}); ${FAMILY}
      child.once("spawn", () => console.log(process.pid + " " + child.pid));`;
    const owner = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { Program } from "./scripts/process-group.ts";
        const args = ["-e", ${JSON.stringify(family)}];
        new Program({ name: "x", command: process.execPath, args, cwd: ".", env: process.env, onLine: console.log });`,
      ],
      { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = (await once(createInterface({ input: owner.stdout }), "line")) as [string];
    const pids = line.split(" ").map(Number);
    expect(await alive(pids)).toEqual(pids);
    owner.kill("SIGKILL");
    await expect.poll(() => alive(pids), { timeout: 5_000 }).toEqual([]);
  });
});
