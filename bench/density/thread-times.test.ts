import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { sampleTree } from "../common/process-usage.ts";
import { profileBetween, threadTimes } from "./thread-times.ts";

const BURNT_MS = 100;
/** Burns CPU time, however long that takes, and says when it has. */
const BURNER = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", () => {
    const spent = () => process.threadCpuUsage().user / 1000;
    const from = spent();
    while (spent() - from < ${BURNT_MS});
    parentPort.postMessage("burnt");
  });`;

it("finds the thread that works, by its process's role and its own name", { timeout: 30_000 }, async () => {
  const worker = new Worker(BURNER, { eval: true, name: "burner" });
  await new Promise((resolve) => worker.once("online", resolve));
  const sample = () => sampleTree(process.pid, { memory: false }).then(threadTimes);
  const before = await sample();
  const burnt = new Promise((resolve) => worker.once("message", resolve));
  worker.postMessage("burn");
  await burnt;
  const after = await sample();
  await worker.terminate();

  const profile = profileBetween(before, after);
  const [most] = profile;
  expect(most?.[0]).toContain("burner");
  expect(most?.[1]).toBeGreaterThanOrEqual(BURNT_MS * 0.99);
  expect(profile.map(([, cpuMs]) => cpuMs)).toEqual(
    profile.map(([, cpuMs]) => cpuMs).toSorted((a, b) => b - a),
  );
});

it("counts a thread that began in between from its beginning, and leaves out one that ended", () => {
  const before = new Map([
    ["1", { name: "node a", cpuMs: 10 }],
    ["2", { name: "node b", cpuMs: 50 }],
  ]);
  const after = new Map([
    ["1", { name: "node a", cpuMs: 15 }],
    ["3", { name: "node a", cpuMs: 4 }],
  ]);
  expect(profileBetween(before, after)).toEqual([["node a", 9]]);
});
