import { readdir, readFile } from "node:fs/promises";

const KB_PER_MB = 1024;

/**
 * The memory of a process group in MB, from Linux's `/proc`; nothing elsewhere. Of each process its share (PSS), which
 * counts what several of them have in common once; where that may not be read, as of sandboxed ones, what is its own.
 */
export async function groupMemoryMb(group: number): Promise<number | undefined> {
  const names = await readdir("/proc").catch(() => []);
  const sizes = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((pid) => sizeKb(pid, group)),
  );
  const found = sizes.filter((size) => size !== undefined);
  if (found.length === 0) return undefined;
  return Math.round(found.reduce((sum, size) => sum + size, 0) / KB_PER_MB);
}

/** Nothing of a process of another group, or of one that is gone. */
async function sizeKb(pid: string, group: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name, which may hold anything, ends at the last parenthesis.
  const [state, , itsGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (Number(itsGroup) !== group || state === "Z") return undefined;
  const shares = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const own = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const size = /^Pss:\s+(\d+) kB/m.exec(shares)?.[1] ?? /^RssAnon:\s+(\d+) kB/m.exec(own)?.[1];
  return size === undefined ? undefined : Number(size);
}
