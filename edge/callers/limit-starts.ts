import { createMiddleware } from "hono/factory";
import { ProblemError } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";
import { log } from "../log-events.ts";
import { networkOf } from "./network.ts";

/** The period of `START_RATE` in wrangler.toml. How much of it is left, the platform does not say. */
const PERIOD_S = 60;

/**
 * A brake on starts, each of which costs a room and a place at a bot host. Before anything of the request is read.
 * The platform counts in each of its locations, and not to the last one; how many sessions a user may have at a time
 * is counted exactly elsewhere.
 */
export const limitStarts = createMiddleware<EdgeEnv>(async (c, next) => {
  const key = rateKey(c);
  if (key !== undefined && !(await mayPass(c, key))) {
    log({ event: "start.rate_limited", requestId: c.get("requestId"), caller: c.get("caller").kind });
    throw new ProblemError("rate_limited", "Too many starts in a short time. Try again in a minute.", {
      retryAfterS: PERIOD_S,
    });
  }
  await next();
});

/** A brake that is broken lets everybody pass: it keeps abuse away, and must not keep all callers away instead. */
async function mayPass(c: EdgeContext, key: string): Promise<boolean> {
  try {
    return (await c.env.START_RATE.limit({ key })).success;
  } catch (error) {
    const requestId = c.get("requestId");
    log({ event: "start.rate_unknown", level: "error", requestId, error: describeError(error) });
    return true;
  }
}

/** Whose starts are counted together; `undefined` for nobody's. */
function rateKey(c: EdgeContext): string | undefined {
  const caller = c.get("caller");
  if (caller.kind !== "anonymous") return `subject ${caller.subject}`;
  // In development all come from one address, and nobody has to be kept away.
  if (!c.get("settings").production) return undefined;
  // The only place where an address stands for a caller. Many people may share one, so it is a poor name; but of a
  // caller without a subject it is all that there is, and Cloudflare sets it, whatever the caller sends.
  return `network ${networkOf(c.req.header("cf-connecting-ip") ?? "")}`;
}
