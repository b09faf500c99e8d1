/** A program and all processes below it, the dead that nobody has buried among them (Linux, by /proc). */
import { readdir, readFile, readlink } from "node:fs/promises";

export interface Relative {
  pid: number;
  parent: number;
  /** The first 15 characters of the program's name. */
  name: string;
  zombie: boolean;
}

/** All processes below this one. */
export async function family(root: number): Promise<Relative[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const all = (await Promise.all(pids.map(read))).flat();
  const found: Relative[] = [];
  for (let parents = [root]; parents.length > 0; ) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map(({ pid }) => pid);
  }
  return found;
}

/** Which user namespace it is in; undefined when it is gone. */
export function userNamespace(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/user`).catch(() => undefined);
}

/** None when it is gone already. */
async function read(pid: string): Promise<Relative[]> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [, name = "", state, parent] = /^\d+ \((.*)\) (\S) (\d+) /s.exec(stat) ?? [];
  return state === undefined
    ? []
    : [{ pid: Number(pid), parent: Number(parent), name, zombie: state === "Z" }];
}
