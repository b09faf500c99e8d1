import { readdirSync, readFileSync } from "node:fs";

interface Process {
  pid: number;
  state: string;
  group: number;
}

/** For tests, on Linux: whether a process runs. A dead one that nobody has waited for does not count. */
export function alive(pid: number): boolean {
  const found = read(pid);
  return found !== undefined && found.state !== "Z";
}

/** For tests, on Linux: the running processes of a process group. */
export function groupOf(group: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0)
    .flatMap((pid) => read(pid) ?? [])
    .filter((process) => process.group === group && process.state !== "Z")
    .map(({ pid }) => pid);
}

/** For tests, on Linux: Chromium's main process in a process group. Debian starts it by a script, which stays. */
export function chromiumMainOf(group: number): number {
  const found = groupOf(group).find((pid) => {
    // Processes that are forked ready-made write theirs anew, with spaces.
    const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split(/[\0 ]/);
    return !program.endsWith("sh") && !args.some((arg) => arg.startsWith("--type="));
  });
  if (found === undefined) throw new Error(`Group ${group} has no Chromium`);
  return found;
}

/** Fields of `/proc/<pid>/stat`; the name, which may hold anything, ends at the last parenthesis. */
function read(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", , group = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, state, group: Number(group) };
  } catch {
    return undefined;
  }
}
