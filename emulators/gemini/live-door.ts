import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "./api-error.ts";
import { type Access, type AuthTokenStore, KEY_ACCESS } from "./core/auth-tokens.ts";
import { type BadKeyCode, type Close, Closes } from "./core/closes.ts";
import { type Door, GEMINI_VERSIONS, VERTEX_VERSIONS } from "./core/doors.ts";

/** Who may come in, and by what. */
export interface Credentials {
  apiKey: string;
  vertexToken: string;
  tokens: AuthTokenStore;
  badKeyCode: BadKeyCode;
}

/** The addresses of Live sessions, by what they want to see. */
export type LiveAddress =
  | { wants: "key"; door: Door & { kind: "gemini" } }
  /** A session that is held with an ephemeral token. */
  | { wants: "authToken"; door: Door & { kind: "gemini" } }
  | { wants: "bearer"; door: Door & { kind: "vertex" } };

/** The Gemini API takes a connection before it looks at the key, and closes it then. */
export type Entry = { kind: "open"; door: Door; access: Access } | { kind: "close"; close: Close };

// The official client joins its base URL and these paths with two slashes.
const GEMINI_PATH =
  /^\/+ws\/google\.ai\.generativelanguage\.(\w+)\.GenerativeService\.BidiGenerateContent(Constrained)?$/;
const VERTEX_PATH = /^\/+ws\/google\.cloud\.aiplatform\.(\w+)\.LlmBidiService\/BidiGenerateContent$/;

/** The address at a path; `undefined` when none is there. */
export function liveAddress(path: string): LiveAddress | undefined {
  const gemini = GEMINI_PATH.exec(path);
  const vertex = VERTEX_PATH.exec(path);
  if (gemini) {
    const apiVersion = GEMINI_VERSIONS.find((version) => version === gemini[1]);
    const constrained = gemini[2] !== undefined;
    // Ephemeral tokens are in v1alpha only.
    if (!apiVersion || (constrained && apiVersion !== "v1alpha")) return undefined;
    return { wants: constrained ? "authToken" : "key", door: { kind: "gemini", apiVersion } };
  }
  const apiVersion = VERTEX_VERSIONS.find((version) => version === vertex?.[1]);
  return apiVersion && { wants: "bearer", door: { kind: "vertex", apiVersion } };
}

/**
 * Looks at what a client shows at an address. Each takes its own credential, and no other's.
 * @throws ApiError 401, with which the handshake is refused on Vertex
 */
export function enter(
  address: LiveAddress,
  { headers, query }: { headers: IncomingHttpHeaders; query: URLSearchParams },
  credentials: Credentials,
): Entry {
  const { door } = address;
  const badKey: Entry = { kind: "close", close: Closes.badKey(credentials.badKeyCode) };
  switch (address.wants) {
    case "key": {
      const key = query.get("key");
      if (key === null) return { kind: "close", close: Closes.noKey };
      return key === credentials.apiKey ? { kind: "open", door, access: KEY_ACCESS } : badKey;
    }
    case "authToken": {
      const name = query.get("access_token");
      if (name === null) return { kind: "close", close: Closes.noKey };
      const access = credentials.tokens.access(name);
      if (access.kind === "unknown") return badKey;
      if (access.kind === "expired") return { kind: "close", close: Closes.tokenExpired };
      return { kind: "open", door, access: access.access };
    }
    case "bearer": {
      const key = headers["x-goog-api-key"];
      const known =
        headers.authorization === `Bearer ${credentials.vertexToken}` ||
        (headers.authorization === undefined && key === credentials.apiKey);
      if (!known) throw new ApiError(401, BAD_CREDENTIALS);
      return { kind: "open", door, access: KEY_ACCESS };
    }
  }
}

const BAD_CREDENTIALS =
  "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.";
