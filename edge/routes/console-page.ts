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

/** A call needs the microphone, and to play sound by itself. The rest is refused, to the code of others too. */
const PERMISSIONS = [
  ...["microphone", "autoplay", "speaker-selection", "clipboard-write"].map((name) => `${name}=(self)`),
  ...["camera", "display-capture", "geolocation", "usb", "serial", "hid", "midi", "payment"].map(
    (name) => `${name}=()`,
  ),
].join(", ");

/** @param more what a page needs beside what the console does: sources by the name of their directive. */
export function pageHeaders(
  settings: Settings,
  more: Readonly<Record<string, readonly string[]>> = {},
): Record<string, string> {
  return {
    "content-security-policy": contentSecurityPolicy(settings, more),
    "permissions-policy": PERMISSIONS,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    // For browsers that do not know frame-ancestors.
    "x-frame-options": "DENY",
    ...(settings.production ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

function contentSecurityPolicy(
  { publicUrl, daily }: Settings,
  more: Readonly<Record<string, readonly string[]>>,
): string {
  const own = new URL(publicUrl);
  const directives: Record<string, string[]> = {
    "default-src": ["'none'"],
    // The console has daily-js load its call machine as a script of its address: no text becomes code.
    "script-src": ["'self'", ...callMachineSources(daily)],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "media-src": ["'self'", "blob:"],
    // Daily's call machine makes its audio worker of a blob.
    "worker-src": ["'self'", "blob:"],
    // Not every browser counts a WebSocket to the page's own host as 'self'.
    "connect-src": ["'self'", withWebSocket(own.origin), ...dailySources(daily)],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
    ...(own.protocol === "https:" ? { "upgrade-insecure-requests": [] } : {}),
  };
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources, ...(more[name] ?? [])].join(" "))
    .join("; ");
}

/** daily-js tries these one after the other, for networks that block the first. */
const DAILY_DOMAINS = ["*.daily.co", "*.dailywebrtc.com", "*.dailywebrtc.net"];

/** Whose code may run beside our own: the call machine's. */
function callMachineSources({ emulated, callMachineUrl }: Settings["daily"]): string[] {
  if (callMachineUrl !== undefined) return [originOf(callMachineUrl)];
  return emulated ? [] : DAILY_DOMAINS.map((domain) => `https://${domain}`);
}

/** Where the call machine comes from and talks to: the emulator, or Daily's own and fallback domains. */
function dailySources({ emulated, apiUrl, callMachineUrl }: Settings["daily"]): string[] {
  if (!emulated) {
    return DAILY_DOMAINS.flatMap((domain) => [`https://${domain}`, `wss://${domain}`]);
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
