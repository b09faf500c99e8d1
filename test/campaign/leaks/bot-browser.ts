import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { findChromium } from "../../../bot-runtime/room/chromium-path.ts";
import { CdpSocket, type CdpTarget } from "../../support/cdp-socket.ts";
import type { StackProgram } from "../../support/stack.ts";
import { browserHeapBytes } from "./heap.ts";
import { countMetrics, countObjects } from "./page-counts.ts";
import type { Counts } from "./verdict.ts";

/** Chromium writes its port when it listens, which is about when it answers the bot runtime for the first time. */
const PORT_WITHIN_MS = 5_000;
const POLL_MS = 50;

const Line = z.looseObject({ event: z.string(), pid: z.number().optional() });

/**
 * A program that starts Chromium as the bot runtime wants it, with a debugging port beside the bot runtime's pipe.
 * That way one can look into its pages, and the product needs no setting for it.
 * @returns its path, to be the bot runtime's CHROMIUM_PATH
 */
export async function chromiumWithPort(folder: string): Promise<string> {
  const path = join(folder, "chromium-with-port");
  const chromium = findChromium({ wanted: process.env.CHROMIUM_PATH });
  await writeFile(path, `#!/bin/sh\nexec '${chromium}' "$@" --remote-debugging-port=0\n`);
  await chmod(path, 0o755);
  return path;
}

/** The bot runtime's Chromium: its page, and the page's worker and worklet, which have heaps of their own. */
export class BotBrowser implements Disposable {
  readonly #cdp: CdpSocket;
  readonly #page: CdpTarget;
  readonly #parts: ReadonlyMap<string, CdpTarget>;

  /** @throws Error when the bot runtime was not started with `chromiumWithPort`, or has not its one page */
  static async of(bot: StackProgram): Promise<BotBrowser> {
    const cdp = await CdpSocket.open(await debuggingUrl(browserPid(bot)));
    try {
      const { targetInfos } = await cdp.send("Target.getTargets");
      const [found, ...more] = targetInfos.filter(
        ({ type, url }) => type === "page" && url.startsWith("http"),
      );
      if (found === undefined || more.length > 0) throw new Error("The bot's browser has not one page");
      const { sessionId } = await cdp.send("Target.attachToTarget", {
        targetId: found.targetId,
        flatten: true,
      });
      const page = cdp.target(sessionId);
      const parts = new Map([["page", page]]);
      const stop = cdp.on("Target.attachedToTarget", ({ targetInfo, sessionId }) => {
        parts.set(targetInfo.type, cdp.target(sessionId));
      });
      // Answered once everything that there is was attached to.
      await page.send("Target.setAutoAttach", {
        autoAttach: true,
        waitForDebuggerOnStart: false,
        flatten: true,
      });
      stop();
      for (const type of ["worker", "worklet"]) {
        if (!parts.has(type)) throw new Error(`The bot's page has no ${type}`);
      }
      await page.send("Performance.enable");
      return new BotBrowser(cdp, page, parts);
    } catch (error) {
      cdp[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(cdp: CdpSocket, page: CdpTarget, parts: ReadonlyMap<string, CdpTarget>) {
    this.#cdp = cdp;
    this.#page = page;
    this.#parts = parts;
  }

  async heapBytes(): Promise<Counts> {
    const heaps: Record<string, number> = {};
    for (const [part, target] of this.#parts) heaps[part] = await browserHeapBytes(target);
    return heaps;
  }

  /** Objects of the page, what the browser counts for it, and the targets of the browser by type. */
  async counts(): Promise<Counts> {
    const counts: Record<string, number> = {
      ...(await countObjects(this.#page)),
      ...prefixed("native ", await countMetrics(this.#page)),
    };
    const { targetInfos } = await this.#cdp.send("Target.getTargets");
    for (const { type } of targetInfos) counts[`target ${type}`] = (counts[`target ${type}`] ?? 0) + 1;
    return counts;
  }

  [Symbol.dispose](): void {
    this.#cdp[Symbol.dispose]();
  }
}

export function prefixed(prefix: string, counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}${name}`, count]));
}

export function browserPid({ lines }: StackProgram): number {
  for (const line of lines) {
    if (!line.includes('"browser.started"')) continue;
    const { pid } = Line.parse(JSON.parse(line));
    if (pid !== undefined) return pid;
  }
  throw new Error("The bot runtime did not say that it started a browser");
}

/** By the profile folder on its command line. */
export async function debuggingUrl(pid: number): Promise<string> {
  const prefix = "--user-data-dir=";
  const args = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
  const folder = args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length);
  if (folder === undefined) throw new Error("The bot's browser has no profile folder");
  const deadline = AbortSignal.timeout(PORT_WITHIN_MS);
  while (!deadline.aborted) {
    const text = await readFile(join(folder, "DevToolsActivePort"), "utf8").catch(() => "");
    const [, port, path] = /^(\d+)\n(\/\S+)/.exec(text) ?? [];
    if (port !== undefined && path !== undefined) return `ws://127.0.0.1:${port}${path}`;
    await sleep(POLL_MS);
  }
  throw new Error("The bot's browser opened no debugging port");
}
