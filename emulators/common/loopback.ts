import { once } from "node:events";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ProblemError } from "../../protocol/errors.ts";

/**
 * An emulator serves this machine only, since its keys are public. Listening on loopback is not enough for that: a
 * web page of any site may send requests to loopback addresses, and by DNS rebinding even under its own host name.
 * Hence the two checks of headers.
 */

const ADDRESS = "127.0.0.1";
const NAMES = new Set(["localhost", ADDRESS, "[::1]"]);

/** Whether a `Host` header names this machine. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && isLoopbackUrl(`http://${host}`);
}

/** Whether a request may come from where it says: no browser at all, or a page of this machine. */
export function isLoopbackOrigin(origin: string | undefined): boolean {
  return origin === undefined || isLoopbackUrl(origin);
}

/** @throws ProblemError `forbidden` for a request that another machine or another site is behind. */
export function requireLoopback({ host, origin }: IncomingHttpHeaders): void {
  if (!isLoopbackHost(host)) throw new ProblemError("forbidden", "The emulator answers to localhost only.");
  if (!isLoopbackOrigin(origin)) {
    throw new ProblemError("forbidden", "The emulator answers to pages of this machine only.");
  }
}

/** An address of this machine and nothing else: no user, no path. */
function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, username, password, pathname, search, hash } = new URL(text);
  // A scheme that browsers do not know, such as an app's own, has no path at all.
  const bare = username + password + search + hash === "" && (pathname === "/" || pathname === "");
  return bare && NAMES.has(hostname);
}

/**
 * Listens on loopback, on a free port for 0. Resolves with `http://127.0.0.1:PORT`.
 * @throws the system's error when the port cannot be had (`EADDRINUSE`).
 */
export async function listenOnLoopback(server: Server, port: number): Promise<string> {
  server.listen(port, ADDRESS);
  await once(server, "listening");
  const address = server.address() as AddressInfo; // a server that listens on TCP has no other kind
  return `http://${ADDRESS}:${address.port}`;
}
