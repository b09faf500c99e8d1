/** What can be said of the image without running it. */
import { join } from "node:path";
import type { BuiltImage } from "./images.ts";
import { check, mustRun } from "./steps.ts";

/** What the image may take, unpacked; a bit above what it does, so that a package that brings a desktop is noticed. */
const MAX_IMAGE_MB = 550;
const LOOK_MAX_MS = 30_000;
const USER_ID = "10001";

export async function checkImage({ config, rootfs }: BuiltImage, signal: AbortSignal): Promise<void> {
  const run = (command: string, ...args: string[]) =>
    mustRun({ command, args, timeoutMs: LOOK_MAX_MS, signal });
  /** Paths in the image that pass the tests. */
  const find = async (...tests: string[]) =>
    (await run("find", rootfs, "-xdev", ...tests)).split("\n").filter((path) => path !== "");
  const isNone = async (...tests: string[]) => (await find(...tests)).length === 0;

  const megabytes = Math.round(Number.parseInt(await run("du", "-s", "--bytes", rootfs), 10) / 1e6);
  check(megabytes < MAX_IMAGE_MB, `its files take ${megabytes} MB, less than ${MAX_IMAGE_MB}`);
  check(config.User === `${USER_ID}:${USER_ID}`, `it runs as ${config.User}`);
  check(config.Entrypoint[0] === "/usr/bin/tini", "tini is its first process");
  check("8080/tcp" in config.ExposedPorts, "it listens on 8080");
  check(config.StopSignal === "SIGTERM", "it is stopped by SIGTERM");
  check(await isNone("-name", "node_modules"), "it holds no node_modules, and so no npm");
  check(await isNone("-name", ".env*"), "it holds no .env");
  check(await isNone("-perm", "/6000", "-type", "f"), "nothing in it gains rights (setuid)");
  check(await isNone("(", "-uid", USER_ID, "-o", "-gid", USER_ID, ")"), "nothing in it belongs to its user");
  const open = await find("-type", "d", "-perm", "-0002");
  check(open.join() === join(rootfs, "tmp"), "only /tmp can be written to by everybody");
}
