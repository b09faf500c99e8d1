import { createMiddleware } from "hono/factory";
import { ProblemError } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import type { EdgeEnv } from "../http/context.ts";
import { log } from "../log-events.ts";
import type { Access } from "./access.ts";
import type { Caller } from "./caller.ts";
import { verifyOpenIdToken } from "./open-id.ts";
import { holderOfToken } from "./token-holder.ts";

/** Longest `Authorization` that is looked at. Tokens of OpenID providers stay below it. */
const MAX_AUTHORIZATION_CHARS = 8_192;

type Verdict =
  | { kind: "known"; caller: Caller }
  | { kind: "refused"; why: string }
  | { kind: "unknown"; error: unknown };

/**
 * Says who calls, or refuses. A token that is presented has to be good even where none is needed: an app whose token
 * has expired must hear of it, not go on as somebody else.
 */
export const authenticate = createMiddleware<EdgeEnv>(async (c, next) => {
  const { access } = c.get("settings");
  const authorization = c.req.header("authorization");
  const requestId = c.get("requestId");
  if (authorization === undefined) {
    if (!access.anonymous) {
      log({ event: "auth.refused", requestId, why: "missing" });
      throw new ProblemError("unauthorized", "A token is needed here, in Authorization: Bearer.");
    }
    c.set("caller", { kind: "anonymous" });
    return next();
  }
  const verdict = await judge(access, authorization);
  switch (verdict.kind) {
    case "known":
      c.set("caller", verdict.caller);
      return next();
    case "refused":
      log({ event: "auth.refused", requestId, why: verdict.why });
      throw new ProblemError("unauthorized", "The token is not valid here, or no longer.", {
        challenge: 'Bearer error="invalid_token"',
      });
    case "unknown":
      log({ event: "auth.keys_failed", level: "error", requestId, error: describeError(verdict.error) });
      throw new ProblemError(
        "auth_unavailable",
        "The keys that tokens are checked with cannot be had. Try again in a moment.",
      );
  }
});

async function judge(access: Access, authorization: string): Promise<Verdict> {
  if (authorization.length > MAX_AUTHORIZATION_CHARS) return { kind: "refused", why: "too long" };
  const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (token === undefined) return { kind: "refused", why: "not a bearer token" };
  const operator = await holderOfToken(access.operatorTokens, token);
  if (operator !== undefined) {
    return { kind: "known", caller: { kind: "operator", subject: `operator:${operator}` } };
  }
  const name = await holderOfToken(access.apiTokens, token);
  if (name !== undefined) return { kind: "known", caller: { kind: "user", subject: `token:${name}` } };
  if (!access.openId) return { kind: "refused", why: "not one of the tokens" };
  const verdict = await verifyOpenIdToken(access.openId, token);
  switch (verdict.kind) {
    case "valid":
      return { kind: "known", caller: { kind: "user", subject: `openid:${verdict.subject}` } };
    case "invalid":
      return { kind: "refused", why: verdict.why };
    case "unknown":
      return verdict;
  }
}
