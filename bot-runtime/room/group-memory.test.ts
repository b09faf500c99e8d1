import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { groupMemoryMb } from "./group-memory.ts";

const HELD_MB = 80;
/** Holds so much in a process of its own below the one that is started. */
const HOLDER = `
const { spawn } = require("node:child_process");
if (process.argv[1] === "child") {
  globalThis.held = Buffer.alloc(${HELD_MB} << 20, 1);
  console.log("held");
  setInterval(() => {}, 1000);
} else spawn(process.execPath, ["-e", process.argv[2], "child"], { stdio: "inherit" });
`;

describe.runIf(process.platform === "linux")("groupMemoryMb", () => {
  it("is that of all processes of the group, and of no other", async () => {
    const child = spawn(process.execPath, ["-e", HOLDER, "parent", HOLDER], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { pid, stdout } = child;
    if (pid === undefined || stdout === null) throw new Error("It did not start");
    const exited = once(child, "exit");
    try {
      await once(stdout, "data");
      expect(await groupMemoryMb(pid)).toBeGreaterThan(HELD_MB);
      expect(await groupMemoryMb(pid)).toBeLessThan(HELD_MB + 400);
    } finally {
      process.kill(-pid, "SIGKILL");
      await exited;
    }
    await expect.poll(() => groupMemoryMb(pid)).toBeUndefined();
  });
});
