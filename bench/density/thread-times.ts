import { readdir, readFile } from "node:fs/promises";
import type { TreeUsage } from "../common/process-usage.ts";

const NS_PER_MS = 1e6;

interface ThreadTime {
  /** What its process is for, and its own name: `renderer AudioEncoder`. */
  name: string;
  cpuMs: number;
}

/** Of every thread that lives, by process and thread id: how long it was on a processor, as the scheduler has it. */
export type ThreadTimes = ReadonlyMap<string, ThreadTime>;

/** Of the processes of a sampled tree. Threads that end meanwhile are left out. */
export async function threadTimes({ processes }: TreeUsage): Promise<ThreadTimes> {
  const found = await Promise.all(
    processes.map(async ({ pid, role }) => {
      const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
      return Promise.all(threads.map((id) => threadTime(`/proc/${pid}/task/${id}`, role)));
    }),
  );
  return new Map(found.flat().flatMap((one) => (one ? [one] : [])));
}

async function threadTime(folder: string, role: string): Promise<[string, ThreadTime] | undefined> {
  try {
    const [comm, schedstat] = await Promise.all([
      readFile(`${folder}/comm`, "utf8"),
      readFile(`${folder}/schedstat`, "utf8"),
    ]);
    // Nanoseconds on a processor, nanoseconds waited for one, and how often.
    const cpuMs = Number(schedstat.split(" ")[0]) / NS_PER_MS;
    return [folder, { name: `${shortened(role)} ${withoutNumber(comm.trim())}`, cpuMs }];
  } catch {
    return undefined;
  }
}

/** What was used between two looks in milliseconds, by name, most first. */
export function profileBetween(before: ThreadTimes, after: ThreadTimes): [name: string, cpuMs: number][] {
  const used = new Map<string, number>();
  for (const [id, { name, cpuMs }] of after) {
    used.set(name, (used.get(name) ?? 0) + cpuMs - (before.get(id)?.cpuMs ?? 0));
  }
  return [...used].sort(([, a], [, b]) => b - a);
}

/** `utility network.mojom.NetworkService` is the network's. */
function shortened(role: string): string {
  return /^utility (\w+)\./.exec(role)?.[1] ?? role;
}

/** Threads of a pool are one. */
function withoutNumber(name: string): string {
  return name.replace(/[/#-]?\d+$/, "");
}
