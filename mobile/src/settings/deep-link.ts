import { type AddressFault, parseAddress, type Server } from "./server.ts";

/**
 * `chatvrd://connect?url=…&token=…`, and in a browser the same behind a `#`, which is sent to no server:
 * `…/app#url=…&token=…`. Only an offer: the user says whether it is taken, since whoever made the link may listen.
 */
export type DeepLink =
  | { readonly kind: "server"; readonly server: Server }
  | { readonly kind: "unusable"; readonly fault: AddressFault | "token" };

/** JWTs with a key's id and some claims are below 2,000. */
const MAX_TOKEN_CHARS = 8_192;

/** `undefined` for a link that is about something else. */
export function parseDeepLink(link: string): DeepLink | undefined {
  const query =
    /^chatvrd:\/\/connect\/?\?(.*)$/i.exec(link)?.[1] ?? /^https?:\/\/[^#]*#(.*)$/i.exec(link)?.[1];
  if (query === undefined) return undefined;
  const fields = parseFields(query);
  const url = fields.get("url");
  if (url === undefined) return undefined;
  const address = parseAddress(url);
  if (!address.ok) return { kind: "unusable", fault: address.fault };
  const token = fields.get("token") ?? "";
  if (token.length > MAX_TOKEN_CHARS || !/^[\x21-\x7e]*$/.test(token))
    return { kind: "unusable", fault: "token" };
  return { kind: "server", server: { url: address.url, token } };
}

/** React Native's own `URLSearchParams` decodes nothing. The first of two fields with one name counts. */
function parseFields(query: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const pair of query.split("&")) {
    const [name = "", ...value] = pair.split("=");
    if (!fields.has(name)) fields.set(name, decode(value.join("=")));
  }
  return fields;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
