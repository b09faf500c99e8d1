import { createMiddleware } from "hono/factory";
import { log } from "../log-events.ts";
import type { EdgeEnv } from "./context.ts";

/** Longest path in a log line; a longer one is nobody's address. */
const MAX_PATH_CHARS = 200;

/** One line for each request. The query is left out: tickets travel there. */
export const requestLog = createMiddleware<EdgeEnv>(async (c, next) => {
  const startedAt = Date.now();
  await next();
  const code = c.get("problem");
  log({
    event: "http.answered",
    ...(c.res.status >= 500 ? { level: "warn" } : {}),
    requestId: c.get("requestId"),
    method: c.req.method,
    path: c.req.path.slice(0, MAX_PATH_CHARS),
    status: c.res.status,
    ms: Date.now() - startedAt,
    ...(code === undefined ? {} : { code }),
  });
});
