import { createMiddleware } from "hono/factory";
import { loadSettings } from "../settings.ts";
import type { EdgeEnv } from "./context.ts";

/** One year. */
const HSTS = "max-age=31536000";

/**
 * On every answer that is no page: it holds a token or the state of this moment, so nobody in between may keep it, and
 * no browser has any business to guess its type, frame it or run something of it. What an answer says itself, stays.
 */
export const apiHeaders = createMiddleware<EdgeEnv>(async (c, next) => {
  await next();
  // An upgrade has no body, and its socket would be lost if its headers were touched.
  if (c.res.status === 101) return;
  const headers: Record<string, string> = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    ...(isProduction(c.env) ? { "strict-transport-security": HSTS } : {}),
  };
  for (const [name, value] of Object.entries(headers)) if (!c.res.headers.has(name)) c.header(name, value);
});

/** Of refused settings the mode is not known. */
function isProduction(env: Env): boolean {
  const loaded = loadSettings(env);
  return loaded.kind === "valid" && loaded.settings.production;
}
