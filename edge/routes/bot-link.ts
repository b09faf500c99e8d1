import { ProblemError } from "../../protocol/errors.ts";
import type { EdgeContext } from "../http/context.ts";
import { verifyLinkToken } from "../session/link-token.ts";
import { ATTEMPT_HEADER } from "../session/session.ts";

/**
 * `GET /internal/sessions/{id}/bot`: the upgrade to a bot's link. Only a token of ours wakes the session's
 * object; which attempt is still wanted, the object decides.
 */
export async function openBotLink(c: EdgeContext): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    c.header("upgrade", "websocket");
    throw new ProblemError("upgrade_required", "This address is a WebSocket, for bots.");
  }
  const token = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const claims = token === undefined ? undefined : await verifyLinkToken(c.get("settings").signingKey, token);
  if (!claims || claims.sessionId !== c.req.param("id")) {
    throw new ProblemError(
      "unauthorized",
      "The link token is missing, not valid, expired, or for another session.",
    );
  }
  const headers = new Headers(c.req.raw.headers);
  headers.set(ATTEMPT_HEADER, String(claims.attempt));
  return c.env.SESSIONS.getByName(claims.sessionId).fetch(new Request(c.req.raw, { headers }));
}
