import { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { EVENTS_AFTER, EVENTS_TICKET } from "../../protocol/events.ts";
import { fieldErrors } from "../../protocol/parse.ts";
import type { EdgeContext } from "../http/context.ts";
import { requireAllowedOrigin } from "../http/cross-origin.ts";
import { isEventsTicket } from "../session/events-ticket.ts";
import { upgradeRequest } from "../session/upgrades.ts";
import { requireUpgrade } from "./require-upgrade.ts";

/** The number of the last event that the watcher knows; 0 for none. */
const After = z
  .string()
  .regex(/^\d{1,15}$/, "must be the number of an event")
  .transform(Number)
  .default(0);

/**
 * `GET /api/rtvi/{id}/events`: the upgrade to a session's events. Only a ticket of ours wakes the session's object.
 * What a page has to know of a refusal by the object it learns by a close code, since browsers hide the answer to an
 * upgrade.
 */
export async function openEvents(c: EdgeContext): Promise<Response> {
  const settings = c.get("settings");
  requireUpgrade(c);
  requireAllowedOrigin(c.req.header("origin"), settings);
  const sessionId = c.req.param("id") ?? "";
  const ticket = c.req.query(EVENTS_TICKET) ?? "";
  if (!(await isEventsTicket(settings.signingKey, { ticket, sessionId }))) {
    throw new ProblemError(
      "unauthorized",
      "The ticket is missing, not valid, expired, or for another session.",
    );
  }
  const after = After.safeParse(c.req.query(EVENTS_AFTER));
  if (!after.success) {
    const message = fieldErrors(after.error)[0]?.message ?? "is not valid";
    throw new ProblemError("invalid_request", `${EVENTS_AFTER}: ${message}`, {
      errors: [{ path: EVENTS_AFTER, message }],
    });
  }
  return c.env.SESSIONS.getByName(sessionId).fetch(upgradeRequest({ kind: "events", after: after.data }));
}
