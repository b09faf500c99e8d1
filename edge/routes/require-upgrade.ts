import { ProblemError } from "../../protocol/errors.ts";
import type { EdgeContext } from "../http/context.ts";

/** @throws ProblemError `upgrade_required` when the request does not ask for a WebSocket */
export function requireUpgrade(c: EdgeContext): void {
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return;
  c.header("upgrade", "websocket");
  throw new ProblemError("upgrade_required", "This address is a WebSocket.");
}
