import type { Domain } from "../core/domain.ts";
import type { Faults } from "../core/faults.ts";
import type { RateLimits } from "../core/rate-limits.ts";
import type { TokenIssuer } from "../core/tokens.ts";
import { dailyError, type Reply } from "../http.ts";
import type { Log } from "../log-events.ts";

/** What the REST API acts on. */
export interface RestContext {
  domain: Domain;
  faults: Faults;
  rateLimits: RateLimits;
  /** The key signs meeting tokens, and opens this API. */
  issuer: TokenIssuer;
  domainName: string;
  /** Where rooms are, without a slash at the end: a room's URL is this and its name. */
  publicUrl: string;
  log: Log;
}

/** A call, with what its path names. */
export interface RestCall {
  context: RestContext;
  /** The name of a room or a token; empty where the path has none. */
  name: string;
  query: URLSearchParams;
  body: string;
}

export type Handler = (call: RestCall) => Reply | Promise<Reply>;

export const roomNotFound = (name: string) => dailyError("not-found", `room ${name} not found`);

/** As Daily writes times: ISO 8601, UTC, in whole seconds. */
export function isoSeconds(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}
