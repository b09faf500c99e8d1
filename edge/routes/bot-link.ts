import { ProblemError } from "../../protocol/errors.ts";
import type { EdgeContext } from "../http/context.ts";
import { verifyLinkToken } from "../session/link-token.ts";
import { upgradeRequest } from "../session/upgrades.ts";
import { requireUpgrade } from "./require-upgrade.ts";

/**
 * `GET /internal/sessions/{id}/bot`: the upgrade to a bot's link. Only a token of ours wakes the session's
 * object; which attempt is still wanted, the object decides.
 */
export async function openBotLink(c: EdgeContext): Promise<Response> {
  requireUpgrade(c);
  const token = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const claims = token === undefined ? undefined : await verifyLinkToken(c.get("settings").signingKey, token);
  if (!claims || claims.sessionId !== c.req.param("id")) {
    throw new ProblemError(
      "unauthorized",
      "The link token is missing, not valid, expired, or for another session.",
    );
  }
  const { sessionId, attempt } = claims;
  return c.env.SESSIONS.getByName(sessionId).fetch(upgradeRequest({ kind: "link", attempt }));
}
