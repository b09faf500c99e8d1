import { GoogleGenAI } from "@google/genai";
import type { GuardedSocket, SdkCallbacks } from "./guarded-socket.ts";

/** The SDK's default is v1, for which the Live API's fields are not documented. */
const API_VERSION = "v1beta";
const VERTEX_API_VERSION = "v1beta1";

/** Where the model is, and who pays. */
export type GoogleAccount =
  /** The Gemini API. */
  | { apiKey: string }
  /**
   * Vertex AI. Without `accessToken` the account is the machine's own (Application Default Credentials: the
   * variable GOOGLE_APPLICATION_CREDENTIALS, gcloud's login, the metadata server).
   */
  | { project: string; location: string; accessToken?: string };

export type GoogleService = GoogleAccount & {
  /** Of the emulator, or a proxy: `http:` or `https:`. Google's own when absent. */
  baseUrl?: string;
};

type OpenSocket = (url: string, headers: Record<string, string>, callbacks: SdkCallbacks) => GuardedSocket;

/** What the SDK has no public way to. `private` in its types only. */
interface LiveInsides {
  webSocketFactory?: { create: OpenSocket };
  auth?: unknown;
}

/** One client per connection: the socket factory belongs to the client, and each connection needs its own socket. */
export function clientFactory(options: GoogleService): (open: OpenSocket) => GoogleGenAI {
  // An account's access token is fetched once for all connections, not by each client for itself.
  let shared: LiveInsides["auth"];
  return (create) => {
    const client = newClient(options);
    // Should a later version of the SDK call it otherwise, this says so at once instead of running unguarded.
    const live = client.live as unknown as LiveInsides;
    if (typeof live.webSocketFactory?.create !== "function") {
      throw new Error("This version of @google/genai keeps its socket factory elsewhere.");
    }
    if (live.auth === undefined)
      throw new Error("This version of @google/genai keeps its account elsewhere.");
    live.webSocketFactory = { create };
    shared ??= live.auth;
    live.auth = shared;
    return client;
  };
}

function newClient(options: GoogleService): GoogleGenAI {
  const baseUrl = options.baseUrl ? { baseUrl: options.baseUrl } : {};
  if ("apiKey" in options) {
    const { apiKey } = options;
    return new GoogleGenAI({ apiKey, httpOptions: { apiVersion: API_VERSION, ...baseUrl } });
  }
  const { project, location, accessToken } = options;
  return new GoogleGenAI({
    vertexai: true,
    project,
    location,
    // Some accounts would have to ask Google for their project. With a token at hand the SDK must not look for an
    // account on this machine at all: a key that nobody sees stops it.
    googleAuthOptions: { projectId: project, ...(accessToken ? { apiKey: "none" } : {}) },
    httpOptions: {
      apiVersion: VERTEX_API_VERSION,
      ...(accessToken ? { headers: { Authorization: `Bearer ${accessToken}` } } : {}),
      ...baseUrl,
    },
  });
}

/** What no word of ours may hold. */
export function secretsOf(options: GoogleAccount): string[] {
  if ("apiKey" in options) return [options.apiKey, encodeURIComponent(options.apiKey)];
  return options.accessToken ? [options.accessToken] : [];
}

/** The key stands in the URL, and some errors quote that. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, "<key>"), text);
}
