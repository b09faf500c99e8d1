import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Program } from "../../../scripts/process-group.ts";
import { descendants } from "../../support/processes.ts";

/** What dies: the process of a page with calls, or Chromium's main process. */
export type Victim = "page" | "browser";

/** By kill -9, below a bot runtime. */
export async function kill({ pid }: Program, victim: Victim): Promise<void> {
  if (pid === undefined) throw new Error("the bot runtime has no pid");
  const family = await descendants(pid);
  const found: { pid: number; args: string[] }[] = [];
  for (const one of family) {
    const text = await readFile(`/proc/${one.pid}/cmdline`, "utf8").catch(() => "");
    // Processes that are forked ready-made write theirs anew, with spaces.
    found.push({ pid: one.pid, args: text.split(/[\0 ]/) });
  }
  const chromium = found.filter(({ args }) => args.some((arg) => arg.startsWith("--user-data-dir=")));
  const typeOf = ({ args }: { args: string[] }) => args.find((arg) => arg.startsWith("--type="));
  const isShell = ({ args }: { args: string[] }) => /(^|\/)sh$/.test(args[0] ?? "");
  if (victim === "browser") {
    const main = chromium.find((one) => typeOf(one) === undefined && !isShell(one));
    if (!main) throw new Error("there is no Chromium");
    process.kill(main.pid, "SIGKILL");
    return;
  }
  const renderers = found.filter((one) => typeOf(one) === "--type=renderer").map((one) => one.pid);
  process.kill(await busiest(renderers), "SIGKILL");
}

/** The one that used the most CPU in half a second: a page with calls. */
async function busiest(pids: number[]): Promise<number> {
  const before = await Promise.all(pids.map(ticks));
  await sleep(500);
  const after = await Promise.all(pids.map(ticks));
  const used = pids.map((pid, index) => ({ pid, used: (after[index] ?? 0) - (before[index] ?? 0) }));
  const [most] = used.toSorted((a, b) => b.used - a.used);
  if (!most) throw new Error("there is no page");
  return most.pid;
}

/** Of all its threads, in clock ticks. */
async function ticks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}
