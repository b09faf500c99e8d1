import type { Context } from "hono";
import type { RequestIdVariables } from "hono/request-id";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Caller } from "../callers/caller.ts";
import type { Settings } from "../settings.ts";

/** What a request carries through the middleware. */
export interface EdgeEnv {
  Bindings: Env;
  Variables: RequestIdVariables & {
    /** There for everything behind `requireSettings`. */
    settings: Settings;
    /** There for everything behind `authenticate`. */
    caller: Caller;
    /** The problem that this request was answered with, for the log. */
    problem: ErrorCode | undefined;
  };
}

export type EdgeContext<Path extends string = string> = Context<EdgeEnv, Path>;
export type Handler = (c: EdgeContext) => Response | Promise<Response>;
