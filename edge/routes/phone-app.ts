import { ProblemError } from "../../protocol/errors.ts";
import type { EdgeContext } from "../http/context.ts";
import type { Settings } from "../settings.ts";
import { pageHeaders } from "./console-page.ts";

/** Its address and its bundle's names are in the app itself: `baseUrl` in `mobile/app.json`. */
const APP = "/app";
/** One year: the names of these files change with what is in them. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/** The app of `mobile/` for browsers. Building it is no part of installing or starting the service. */
export async function phoneApp(c: EdgeContext): Promise<Response> {
  const { pathname } = new URL(c.req.url);
  const found = await file(c, isFile(pathname) ? pathname : `${APP}/`);
  const response = new Response(found.body, found);
  for (const [name, value] of Object.entries(pageHeaders(c.get("settings"), more(c.get("settings")))))
    response.headers.set(name, value);
  if (pathname.startsWith(`${APP}/_expo/static/`)) response.headers.set("cache-control", IMMUTABLE);
  return response;
}

/** Anything else is a place within the app, which finds its way there by itself. */
function isFile(pathname: string): boolean {
  return /\.[^./]+$/.test(pathname) && pathname !== `${APP}/index.html`;
}

async function file(c: EdgeContext, pathname: string): Promise<Response> {
  const found = await c.env.ASSETS.fetch(new Request(new URL(pathname, c.req.url), c.req.raw));
  if (found.status !== 404) return found;
  const detail =
    pathname === `${APP}/`
      ? "The phone's app has not been built for browsers: npm run mobile:install && npm --prefix mobile run export:web"
      : `There is nothing at ${c.req.method} ${c.req.path}.`;
  throw new ProblemError("not_found", detail);
}

/** React Native writes styles into the page, and the app may be pointed at a service elsewhere. */
function more({ publicUrl }: Settings): Record<string, string[]> {
  // From a page of https a browser reaches nothing else.
  const schemes = ["https:", "wss:", ...(publicUrl.startsWith("https:") ? [] : ["http:", "ws:"])];
  return { "style-src": ["'unsafe-inline'"], "connect-src": schemes };
}
