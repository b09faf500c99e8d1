/** Which processes run on this machine (Linux), by /proc. */
import { readdir, readFile } from "node:fs/promises";

export interface Process {
  pid: number;
  parent: number;
  name: string;
}

/** All processes below this one, from /proc. */
export async function descendants(root: number): Promise<Process[]> {
  const all = await processes();
  const found: Process[] = [];
  const parents = new Set([root]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of all) {
      if (!parents.has(one.parent) || parents.has(one.pid)) continue;
      parents.add(one.pid);
      found.push(one);
      grew = true;
    }
  }
  return found;
}

/** Which of these run. */
export async function alive(pids: number[]): Promise<number[]> {
  const running = new Set((await processes()).map(({ pid }) => pid));
  return pids.filter((pid) => running.has(pid));
}

/** Running processes; a zombie, which only waits to be counted by its parent, is not running. */
async function processes(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      const match = /^\d+ \((.*)\) (\S) (\d+) /s.exec(stat);
      return match && match[2] !== "Z"
        ? [{ pid: Number(pid), parent: Number(match[3]), name: match[1] ?? "" }]
        : [];
    }),
  );
  return found.flat();
}
