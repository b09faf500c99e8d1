import { ProblemError } from "../../protocol/errors.ts";
import type { EdgeContext } from "../http/context.ts";
import type { Settings } from "../settings.ts";

/** The console's files, with the headers that fence the page in. */
export async function consolePage(c: EdgeContext): Promise<Response> {
  const file = await c.env.ASSETS.fetch(c.req.raw);
  if (file.status === 404) {
    throw new ProblemError("not_found", `There is nothing at ${c.req.method} ${c.req.path}.`);
  }
  const response = new Response(file.body, file);
  for (const [name, value] of Object.entries(pageHeaders(c.get("settings"))))
    response.headers.set(name, value);
  return response;
}

function pageHeaders(settings: Settings): Record<string, string> {
  return {
    "content-security-policy": contentSecurityPolicy(settings),
    "permissions-policy": "microphone=(self), camera=(), display-capture=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    ...(settings.production ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

function contentSecurityPolicy({ publicUrl, daily }: Settings): string {
  const own = new URL(publicUrl);
  const directives: Record<string, string[]> = {
    "default-src": ["'self'"],
    // daily-js fetches its call machine as text and evaluates it.
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "media-src": ["'self'", "blob:"],
    "worker-src": ["'self'", "blob:"],
    // Not every browser counts a WebSocket to the page's own host as 'self'.
    "connect-src": ["'self'", withWebSocket(own.origin), ...dailySources(daily)],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(" ")}`)
    .join("; ");
}

/** Where the call machine comes from and talks to: the emulator, or Daily's own and fallback domains. */
function dailySources({ emulated, apiUrl, callMachineUrl }: Settings["daily"]): string[] {
  if (!emulated) {
    const domains = ["*.daily.co", "*.dailywebrtc.com", "*.dailywebrtc.net"];
    return domains.flatMap((domain) => [`https://${domain}`, `wss://${domain}`]);
  }
  const origins = new Set([apiUrl, ...(callMachineUrl === undefined ? [] : [callMachineUrl])].map(originOf));
  return [...origins].flatMap((origin) => [origin, withWebSocket(origin)]);
}

function originOf(url: string): string {
  return new URL(url).origin;
}

/** The WebSocket scheme of an http origin. */
function withWebSocket(origin: string): string {
  return origin.replace(/^http/, "ws");
}
