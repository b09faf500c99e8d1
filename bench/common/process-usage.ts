/** What a program costs with all that it started: scheduler time, memory and open files, from /proc (Linux). */
import { readdir, readFile } from "node:fs/promises";
import { descendants } from "../../test/support/processes.ts";

/** /proc counts CPU time in hundredths of a second on every Linux, whatever the kernel's own clock is. */
const MS_PER_TICK = 10;
const KIB = 1024;

export interface ProcessUsage {
  pid: number;
  /** `node`, `chromium`: the program's name. */
  name: string;
  /** What it is for: of Chromium `browser`, `renderer`, `utility network.mojom.NetworkService`; else the name. */
  role: string;
  /** Scheduler time of all its threads, ended ones too, since it began. To 20 ms. */
  cpuMs: number;
  /** Its share of the memory that it uses: what several processes share is counted to each in part. */
  pssBytes: number;
  /** Open files, sockets and pipes. */
  handles: number;
  threads: number;
  /** When it began, in ticks since boot: with the pid, which is used again, what it is known by. */
  startedTicks: number;
}

export interface TreeUsage {
  /** Epoch milliseconds. */
  atMs: number;
  processes: ProcessUsage[];
}

export interface SampleOptions {
  /** Reading it takes milliseconds for each process, in the kernel: leave it out where CPU is measured. */
  memory?: boolean;
}

/** A process and all below it, as they are now. Whoever ends meanwhile is left out. */
export async function sampleTree(root: number, { memory = true }: SampleOptions = {}): Promise<TreeUsage> {
  const pids = [root, ...(await descendants(root)).map(({ pid }) => pid)];
  const atMs = Date.now();
  const processes = await Promise.all(pids.map((pid) => sampleProcess(pid, memory).catch(ended)));
  return { atMs, processes: processes.flatMap((one) => one ?? []) };
}

function ended(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
  throw error;
}

async function sampleProcess(pid: number, memory: boolean): Promise<ProcessUsage> {
  const [stat, commandLine, handles, rollup] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile(`/proc/${pid}/cmdline`, "utf8"),
    readdir(`/proc/${pid}/fd`),
    memory ? readFile(`/proc/${pid}/smaps_rollup`, "utf8") : "",
  ]);
  const { name, cpuTicks, threads, startedTicks } = parseStat(stat);
  return {
    pid,
    name,
    role: roleOf(name, commandLine),
    cpuMs: cpuTicks * MS_PER_TICK,
    pssBytes: memory ? pssOf(rollup) : 0,
    handles: handles.length,
    threads,
    startedTicks,
  };
}

/** The name may hold anything, spaces and brackets too: it ends at the last bracket. Fields by proc_pid_stat(5). */
function parseStat(stat: string) {
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  // From field 3 on.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return { name, cpuTicks: field(14) + field(15), threads: field(20), startedTicks: field(22) };
}

/** Chromium writes its command line with spaces in place of the zeros that are usual. */
function roleOf(name: string, commandLine: string): string {
  const args = commandLine.split(/[\0 ]/);
  const option = (wanted: string) => args.find((arg) => arg.startsWith(wanted))?.slice(wanted.length);
  const type = option("--type=");
  if (type === undefined) return args.some((arg) => arg.startsWith("--user-data-dir=")) ? "browser" : name;
  return type === "utility" ? `utility ${option("--utility-sub-type=") ?? ""}`.trim() : type;
}

function pssOf(rollup: string): number {
  const [, kib] = /^Pss:\s+(\d+) kB$/m.exec(rollup) ?? [];
  if (kib === undefined)
    throw new Error("The kernel does not tell a process's share of memory (smaps_rollup)");
  return Number(kib) * KIB;
}

export interface CpuUsed {
  wallMs: number;
  /** Of all processes together. */
  cpuMs: number;
  /** Of one core: 150 is one and a half. */
  percent: number;
  byRole: Map<string, number>;
  /** Processes that were there before and are not any more: what they used in between is not known. */
  vanished: ProcessUsage[];
}

/** What was used between two samples of the same tree. */
export function cpuBetween(before: TreeUsage, after: TreeUsage): CpuUsed {
  const key = ({ pid, startedTicks }: ProcessUsage) => `${pid}/${startedTicks}`;
  const then = new Map(before.processes.map((one) => [key(one), one]));
  const byRole = new Map<string, number>();
  let cpuMs = 0;
  for (const one of after.processes) {
    const used = one.cpuMs - (then.get(key(one))?.cpuMs ?? 0);
    then.delete(key(one));
    cpuMs += used;
    byRole.set(one.role, (byRole.get(one.role) ?? 0) + used);
  }
  const wallMs = after.atMs - before.atMs;
  return { wallMs, cpuMs, percent: (cpuMs / wallMs) * 100, byRole, vanished: [...then.values()] };
}

export function totalPss({ processes }: TreeUsage): number {
  return processes.reduce((sum, { pssBytes }) => sum + pssBytes, 0);
}

export function totalHandles({ processes }: TreeUsage): number {
  return processes.reduce((sum, { handles }) => sum + handles, 0);
}
