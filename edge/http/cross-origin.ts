import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../../protocol/errors.ts";
import { SESSION_ID_HEADER } from "../../protocol/session.ts";
import type { Settings } from "../settings.ts";
import type { EdgeEnv } from "./context.ts";

/** How long a browser may remember a preflight. Chromium keeps it no longer than this. */
const PREFLIGHT_MAX_AGE_S = 7_200;

const headers = cors({
  origin: (origin, c) => (isAllowed(origin, c.get("settings")) ? origin : null),
  allowMethods: ["GET", "POST"],
  allowHeaders: ["authorization", "content-type", "idempotency-key"],
  exposeHeaders: [SESSION_ID_HEADER, "x-request-id", "retry-after"],
  maxAge: PREFLIGHT_MAX_AGE_S,
});

/**
 * CORS, and more than CORS: a page of another origin may not change anything even where it could not read the
 * answer. A POST with an empty body needs no preflight, so the headers alone would let it start a session.
 * Apps and servers send no Origin and pass.
 */
export const crossOrigin = createMiddleware<EdgeEnv>(async (c, next) => {
  const origin = c.req.header("origin");
  const isSafe = c.req.method === "GET" || c.req.method === "HEAD" || c.req.method === "OPTIONS";
  if (!isSafe) requireAllowedOrigin(origin, c.get("settings"));
  return headers(c, next);
});

/** @throws ProblemError `forbidden` for a page of a foreign origin. Who sends no origin is no page. */
export function requireAllowedOrigin(origin: string | undefined, settings: Settings): void {
  if (origin === undefined || isAllowed(origin, settings)) return;
  throw new ProblemError("forbidden", `Pages of ${origin} may not use this service (ALLOWED_ORIGINS).`);
}

function isAllowed(origin: string, settings: Settings): boolean {
  if (settings.allowedOrigins.has(origin) || origin === new URL(settings.publicUrl).origin) return true;
  return !settings.production && isLoopback(origin);
}

function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}
