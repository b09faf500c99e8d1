import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { cpuBetween, type ProcessUsage, sampleTree, totalHandles, totalPss } from "./process-usage.ts";

const MIB = 2 ** 20;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
});

/** A Node program that does a line of JavaScript when told so, and then says what its line gave. */
function program(...lines: string[]): { pid: number; next(): Promise<string> } {
  const script = `
    const steps = [${lines.map((line) => `async () => ${line}`).join(",")}];
    let kept;
    process.stdin.on("data", async () => console.log(await steps.shift()()));
    console.log("ready");`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  if (child.pid === undefined) throw new Error("did not start");
  const lineReader = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => String((await lineReader.next()).value);
  const ready = read();
  return {
    pid: child.pid,
    next: async () => {
      await ready;
      child.stdin.write("go\n");
      return read();
    },
  };
}

/** In a program: works until the system has counted so much of it, and says how much it was. */
const WORK = `(() => {
  const before = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if (user + system > 300_000) return (user + system) / 1000;
  }
})()`;

test("CPU time is what the system counted for the program itself", async () => {
  const busy = program("0", WORK);
  await busy.next();
  const before = await sampleTree(busy.pid, { memory: false });
  const worked = Number(await busy.next());
  const used = cpuBetween(before, await sampleTree(busy.pid, { memory: false }));
  // Both ends are rounded to hundredths of a second, twice.
  expect(Math.abs(used.cpuMs - worked)).toBeLessThan(60);
  expect(used.percent).toBeCloseTo((used.cpuMs / used.wallMs) * 100);
  expect(used.vanished).toEqual([]);
});

test("what is below a program counts, threads and children, also those that were not there before", async () => {
  const parent = program(
    "0",
    `(async () => {
      const { spawn } = require("node:child_process");
      kept = spawn(process.execPath, ["-e", ${JSON.stringify(`console.log(${WORK}); setInterval(() => {}, 1000)`)}]);
      process.once("exit", () => kept.kill("SIGKILL"));
      return new Promise((resolve) => kept.stdout.once("data", (text) => resolve(String(text).trim())));
    })()`,
    "(kept.kill('SIGKILL'), new Promise((resolve) => kept.once('exit', () => resolve('gone'))))",
  );
  await parent.next();
  const before = await sampleTree(parent.pid, { memory: false });
  const worked = Number(await parent.next());
  const during = await sampleTree(parent.pid, { memory: false });
  expect(during.processes).toHaveLength(2);
  const used = cpuBetween(before, during);
  expect(used.cpuMs).toBeGreaterThan(worked - 40);

  await parent.next();
  const after = await sampleTree(parent.pid, { memory: false });
  const [child] = during.processes.filter(({ pid }) => pid !== parent.pid);
  expect(cpuBetween(during, after).vanished).toEqual([child]);
});

test("memory is seen to grow by what is written to, and open files are counted", async () => {
  const greedy = program(
    "(kept = [], 0)",
    `(kept.push(Buffer.alloc(${64 * MIB}, 1)), 0)`,
    `(kept.push(...Array.from({ length: 20 }, () => require("node:fs").openSync("/proc/self/stat"))), 0)`,
  );
  await greedy.next();
  const small = await sampleTree(greedy.pid);
  await greedy.next();
  const large = await sampleTree(greedy.pid);
  const grown = (totalPss(large) - totalPss(small)) / MIB;
  expect(grown).toBeGreaterThan(62);
  expect(grown).toBeLessThan(80);
  await greedy.next();
  expect(totalHandles(await sampleTree(greedy.pid)) - totalHandles(large)).toBe(20);
});

test("a program is known by what it is for", async () => {
  const child = spawn(
    process.execPath,
    [
      "-e",
      "setInterval(() => {}, 1000)",
      "--",
      "--type=utility",
      "--utility-sub-type=audio.mojom.AudioService",
    ],
    { stdio: "ignore" },
  );
  children.push(child);
  await once(child, "spawn");
  const { processes } = await sampleTree(child.pid ?? 0);
  expect(processes.map(({ role }: ProcessUsage) => role)).toEqual(["utility audio.mojom.AudioService"]);
});

test("a program that is gone has no usage, and that is no error", async () => {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  expect((await sampleTree(child.pid ?? 0)).processes).toEqual([]);
});
