/** What the campaign needs of the machine: root on Debian, some of its packages, and a folder of its own. */
import { access, constants, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { mustRun, say } from "./steps.ts";

/** A program, and the Debian package that it is in. */
const TOOLS = { buildah: "buildah", debootstrap: "debootstrap", runc: "runc" };
const INSTALL_MAX_MS = 5 * 60_000;
const UNMOUNT_MAX_MS = 10_000;
/** Not /tmp, which may be in memory: the storage takes some gigabytes. */
const PARENT = "/var/tmp";

/** @throws Error with a sentence when this machine cannot do it */
export async function provideTools(signal: AbortSignal): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error("This campaign builds and runs a container without Docker: it needs root on Debian.");
  }
  const missing: string[] = [];
  for (const [tool, name] of Object.entries(TOOLS)) if (!(await isInPath(tool))) missing.push(name);
  if (missing.length === 0) return;
  if (!(await isInPath("apt-get")))
    throw new Error(`Missing: ${missing.join(", ")}, and there is no apt-get.`);
  say(`Installing ${missing.join(", ")} with apt-get`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    mustRun({ command: "apt-get", args, timeoutMs: INSTALL_MAX_MS, signal, env });
  await apt("update", "-q");
  await apt("install", "-q", "-y", "--no-install-recommends", ...missing);
}

export function makeFolder(): Promise<string> {
  return mkdtemp(join(PARENT, "chat-vrd-container-"));
}

/** Removes it, but nothing through a mount that a killed program left in it: that may be the machine's own /dev. */
export async function removeFolder(folder: string): Promise<void> {
  for (const path of (await mountsBelow(folder)).reverse()) {
    const signal = new AbortController().signal;
    await mustRun({ command: "umount", args: ["--lazy", path], timeoutMs: UNMOUNT_MAX_MS, signal });
  }
  const left = await mountsBelow(folder);
  if (left.length > 0)
    throw new Error(`Not removed, since something is still mounted there: ${left.join(", ")}`);
  await rm(folder, { recursive: true, force: true });
}

/** In the order in which they were mounted. */
async function mountsBelow(folder: string): Promise<string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).trim().split("\n");
  return lines.flatMap((line) => {
    const path = line.split(" ")[4];
    return path?.startsWith(`${folder}/`) ? [path] : [];
  });
}

async function isInPath(program: string): Promise<boolean> {
  for (const folder of (process.env.PATH ?? "").split(":")) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
