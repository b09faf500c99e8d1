/** The service that the app talks to. `url` is an origin without a slash at its end; `token` is empty for none. */
export interface Server {
  readonly url: string;
  readonly token: string;
}

export type AddressFault =
  | "empty"
  | "not-an-address"
  /** Something other than http or https. */
  | "scheme"
  /** http to somewhere else than this device or its network: a token and the room's key would be readable on the way. */
  | "insecure";

export type Address =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly fault: AddressFault };

/** Longer than any address that somebody would type. */
const MAX_ADDRESS_CHARS = 512;

/** What was typed or scanned, as an origin. Without a scheme https is meant, or http for this device's own network. */
export function parseAddress(typed: string): Address {
  const text = typed.trim();
  if (text === "") return { ok: false, fault: "empty" };
  if (text.length > MAX_ADDRESS_CHARS || /\s/.test(text)) return { ok: false, fault: "not-an-address" };
  const [, scheme, rest = text] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? "";
  const host = /^(\[[0-9a-f:.]+\]|[^:@[\]]+)(:\d{1,5})?$/i.exec(authority)?.[1]?.toLowerCase();
  if (host === undefined || !HOST.test(host)) return { ok: false, fault: "not-an-address" };
  const isLocal = isLocalHost(host);
  const protocol = scheme?.toLowerCase() ?? (isLocal ? "http" : "https");
  if (protocol !== "http" && protocol !== "https") return { ok: false, fault: "scheme" };
  if (protocol === "http" && !isLocal) return { ok: false, fault: "insecure" };
  return { ok: true, url: `${protocol}://${authority.toLowerCase()}` };
}

/** A name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/i;

/** This device, the host of an emulator, and the private networks (RFC 1918, link-local, `.local`). */
function isLocalHost(host: string): boolean {
  return (
    host === "localhost" ||
    host === "[::1]" ||
    host.endsWith(".local") ||
    host.endsWith(".localhost") ||
    /^(127|10)\.\d+\.\d+\.\d+$/.test(host) ||
    /^192\.168\.\d+\.\d+$/.test(host) ||
    /^169\.254\.\d+\.\d+$/.test(host) ||
    /^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(host)
  );
}

/** An Android emulator calls the machine that it runs on 10.0.2.2: there `localhost` is the phone itself. */
export function isThisDevice(url: string): boolean {
  return /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/.test(url);
}
