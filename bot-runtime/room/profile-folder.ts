import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The browser's folder: its profile, and its temporary files. The name says whose it is, since a process that is
 * killed leaves it behind and only a later one can remove it: `chat-vrd-chromium-<host>-<pid>-<random>`. The host
 * is in it for containers that share a `/tmp`, where each counts its processes for itself.
 */
const PREFIX = `chat-vrd-chromium-${hostname().replaceAll(/[^\w.]/g, "_")}-`;
const NAME = /^(\d+)-\w+$/;
/** Clocks of files and of processes need not agree to the millisecond. */
const CLOCK_SLACK_MS = 1_000;

export function makeProfileFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** @throws Error when something in it cannot be removed */
export async function removeProfileFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Removes what predecessors on this host left that were killed. Not those of processes that live, nor of other
 * users. Never throws: what cannot be removed does no harm to the next browser.
 */
export async function removeStaleProfileFolders(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const folder = join(tmpdir(), name);
    if (await isStale(name, folder)) await removeProfileFolder(folder).catch(() => undefined);
  }
}

async function isStale(name: string, folder: string): Promise<boolean> {
  if (!name.startsWith(PREFIX)) return false;
  const pid = Number(NAME.exec(name.slice(PREFIX.length))?.[1] ?? Number.NaN);
  const found = await lstat(folder).catch(() => undefined);
  if (Number.isNaN(pid) || !found?.isDirectory() || found.uid !== process.getuid?.()) return false;
  if (pid !== process.pid) return !runs(pid);
  // In a container that was started again the predecessor had the same number as this process.
  const startedAt = Date.now() - process.uptime() * 1_000;
  return found.mtimeMs < startedAt - CLOCK_SLACK_MS;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: it is there, and somebody else's.
    return (thrown as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
