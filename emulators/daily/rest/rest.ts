import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { dailyError, dailyErrorWithStatus, json, type Reply } from "../http.ts";
import type { Handler, RestContext } from "./context.ts";
import { parseQuery } from "./parse.ts";
import { presence, roomPresence } from "./presence.ts";
import { createRoom, deleteRoom, getRoom, listRooms, updateRoom } from "./rooms.ts";
import { eject, getSessionData, sendAppMessage, setSessionData } from "./session.ts";
import { createToken, validateToken } from "./tokens.ts";

/** A domain that has set nothing of its own, in the fields that Daily's reference shows. */
const DOMAIN_CONFIG = {
  redirect_on_meeting_exit: "",
  hide_daily_branding: false,
  hipaa: false,
  intercom_auto_record: false,
  lang: "en",
  meeting_join_hook: "",
};

const getDomain: Handler = ({ context: { domainName, issuer } }) =>
  json(200, { domain_name: domainName, domain_id: issuer.domainId, config: DOMAIN_CONFIG });

/** Every call that there is; `:name` stands for one part of the path. */
const ROUTES: Record<string, Handler> = {
  "GET /": getDomain,
  "GET /rooms": listRooms,
  "POST /rooms": createRoom,
  "GET /rooms/:name": getRoom,
  "POST /rooms/:name": updateRoom,
  "DELETE /rooms/:name": deleteRoom,
  "GET /rooms/:name/presence": roomPresence,
  "POST /rooms/:name/eject": eject,
  "POST /rooms/:name/send-app-message": sendAppMessage,
  "GET /rooms/:name/get-session-data": getSessionData,
  "POST /rooms/:name/set-session-data": setSessionData,
  "POST /meeting-tokens": createToken,
  "GET /meeting-tokens/:name": validateToken,
  "GET /presence": presence,
};

/** The calls with query parameters, each of which checks its own. The others take none. */
const WITH_QUERY = new Set(["GET /rooms", "GET /rooms/:name/presence", "GET /meeting-tokens/:name"]);
const NoQuery = z.strictObject({});

/** The calls of the REST API, as `METHOD /path`. */
export const REST_CALLS: readonly string[] = Object.keys(ROUTES);

export interface RestRequest {
  method: string;
  /** Without `/v1`: `/rooms/abc`. */
  path: string;
  query: URLSearchParams;
  authorization: string | undefined;
  contentType: string | undefined;
  body: string;
}

/**
 * Daily's REST API, as far as voice apps need it.
 * @throws ProblemError when the body or the query does not fit.
 */
export async function handleRest(context: RestContext, request: RestRequest): Promise<Reply> {
  const fault = context.faults.takeRest();
  if (fault?.delayMs && !(await waited(fault.delayMs, context.faults.cleared))) {
    return dailyErrorWithStatus(503, "The emulator was reset while this call was delayed.");
  }
  if (fault?.status) return dailyErrorWithStatus(fault.status, "A fault was ordered.");

  const refusal = authenticate(context.issuer.apiKey, request.authorization);
  if (refusal) return refusal;
  const { route, name } = findRoute(request);
  const limit = route === "DELETE /rooms/:name" ? "deletion" : "standard";
  if (!context.rateLimits.admit(limit, Date.now())) {
    return dailyError("rate-limit-error", "too many requests in too short a time");
  }
  const handler = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined;
  if (!handler) return dailyError("not-found", "There is no such resource, or it is not emulated.");
  if (request.body !== "" && !isJson(request.contentType)) {
    return dailyError("invalid-request-error", "The content type has to be application/json.");
  }
  if (!WITH_QUERY.has(route)) parseQuery(NoQuery, request.query);
  return handler({ context, name, query: request.query, body: request.body });
}

/** `GET /rooms/abc/presence` as `GET /rooms/:name/presence` and `abc`. A slash at the end changes nothing. */
function findRoute({ method, path }: RestRequest): { route: string; name: string } {
  const [resource = "", name = "", ...rest] = path.replace(/\/$/, "").split("/").slice(1);
  const parts = [resource, ...(name === "" && rest.length === 0 ? [] : [":name"]), ...rest];
  return { route: `${method} /${parts.join("/")}`, name };
}

function authenticate(apiKey: string, authorization: string | undefined): Reply | null {
  const key = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  if (!key) return dailyError("authorization-header-error", "missing or malformed authorization header");
  // The emulator's key is public, so comparing it in constant time would protect nothing.
  return key === apiKey ? null : dailyError("authentication-error", "the API key is not valid");
}

const isJson = (contentType = "") => /^application\/json\s*(;|$)/i.test(contentType);

/** False when it was cut short. */
function waited(ms: number, cut: AbortSignal): Promise<boolean> {
  return pause(ms, true, { signal: cut }).catch(() => false);
}
