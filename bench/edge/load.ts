import { spawn } from "node:child_process";
import { z } from "zod";
import { packageScript } from "../../scripts/steps.ts";

export interface Load {
  url: string;
  method: "GET" | "POST";
  /** As JSON. */
  body?: unknown;
  /** How many callers at a time, each with one request after the other. */
  callers: number;
  seconds: number;
  signal: AbortSignal;
}

const Answer = z.object({
  "2xx": z.number(),
  non2xx: z.number(),
  errors: z.number(),
  duration: z.number(),
});

export interface Loaded {
  requests: number;
  perSecond: number;
}

/**
 * As many requests as go, from another process, so that what asks and what is measured do not share a thread.
 * @throws Error when one is not answered with 2xx
 */
export async function putLoad({ url, method, body, callers, seconds, signal }: Load): Promise<Loaded> {
  const content =
    body === undefined ? [] : ["--headers=content-type=application/json", `--body=${JSON.stringify(body)}`];
  const args = [`--connections=${callers}`, `--duration=${seconds}`, `--method=${method}`, ...content];
  const script = packageScript("autocannon/autocannon.js");
  const child = spawn(process.execPath, [script, "--json", "--no-progress", ...args, url], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let out = "";
  let words = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`autocannon ended with ${code}: ${words}`);
  const answer = Answer.parse(JSON.parse(out));
  if (answer.non2xx > 0 || answer.errors > 0) {
    throw new Error(`${method} ${url}: ${answer.non2xx} answers were no success, ${answer.errors} failed`);
  }
  return { requests: answer["2xx"], perSecond: answer["2xx"] / answer.duration };
}
