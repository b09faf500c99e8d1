import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "../common/body.ts";
import { ApiError, sendJson } from "./api-error.ts";
import { AuthTokenRequest, type AuthTokenStore } from "./core/auth-tokens.ts";
import { Closes } from "./core/closes.ts";
import { GEMINI_VERSIONS, type GeminiVersion } from "./core/doors.ts";
import { modelsAt } from "./core/models.ts";
import { type Parsed, parseWire } from "./core/wire-json.ts";

const MODELS_PATH = /^\/+(\w+)\/models(?:\/([^/]+))?$/;
/** Ephemeral tokens are in v1alpha only. */
const AUTH_TOKENS_PATH = /^\/+v1alpha\/auth_tokens$/;

export interface RestOptions {
  apiKey: string;
  tokens: AuthTokenStore;
}

/**
 * What the Gemini API has over plain HTTP, as far as Live sessions need it:
 *
 *     GET  {version}/models            a page of all
 *     GET  {version}/models/{id}
 *     POST v1alpha/auth_tokens         a new ephemeral token
 *
 * @throws ApiError, and ProblemError for a body that is too large
 */
export async function rest(
  { apiKey, tokens }: RestOptions,
  { path, query }: { path: string; query: URLSearchParams },
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const models = MODELS_PATH.exec(path);
  const version = GEMINI_VERSIONS.find((known) => known === models?.[1]);
  if (models && version && request.method === "GET") {
    requireKey(apiKey, request.headers["x-goog-api-key"] ?? query.get("key"));
    sendJson(response, 200, findModels(version, models[2]));
  } else if (AUTH_TOKENS_PATH.test(path) && request.method === "POST") {
    requireKey(apiKey, request.headers["x-goog-api-key"] ?? query.get("key"));
    const order = unwrap(parseWire(AuthTokenRequest, await readBody(request)));
    sendJson(response, 200, { name: unwrap(tokens.create(order)) });
  } else {
    throw new ApiError(404, "The emulator has only Live sessions, models, auth_tokens and /_emulator.");
  }
}

function findModels(apiVersion: GeminiVersion, id: string | undefined): object {
  const ids = modelsAt({ kind: "gemini", apiVersion });
  if (id === undefined) return { models: ids.map(describeModel) };
  if (ids.includes(id)) return describeModel(id);
  throw new ApiError(404, `Model is not found: models/${id} for api version ${apiVersion}`);
}

function describeModel(id: string): object {
  return {
    name: `models/${id}`,
    version: "emulated",
    displayName: `${id} (emulated)`,
    description: "A demo voice that repeats what you say.",
    inputTokenLimit: 131_072,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ["bidiGenerateContent"],
  };
}

/** @throws ApiError */
function requireKey(apiKey: string, key: string | string[] | null): void {
  if (key === null) throw new ApiError(403, Closes.noKey.reason);
  if (key !== apiKey)
    throw new ApiError(400, Closes.badKey().reason, { info: { reason: "API_KEY_INVALID" } });
}

/** What closes a session refuses a request: the sentence is the same. @throws ApiError */
function unwrap<Value>(parsed: Parsed<Value>): Value {
  if (!parsed.ok) throw new ApiError(400, parsed.close.reason);
  return parsed.value;
}
