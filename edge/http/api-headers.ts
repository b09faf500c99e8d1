import { createMiddleware } from "hono/factory";
import type { EdgeEnv } from "./context.ts";

/** An answer of the API holds a token or the state of this moment: nobody in between may keep it. */
export const apiHeaders = createMiddleware<EdgeEnv>(async (c, next) => {
  await next();
  c.header("cache-control", "no-store");
  c.header("x-content-type-options", "nosniff");
});
