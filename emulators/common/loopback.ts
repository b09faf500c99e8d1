import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

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

function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && NAMES.has(new URL(url).hostname);
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
