import { parseJson } from "../../protocol/parse.ts";
import type { Domain } from "./core/domain.ts";
import type { Room } from "./core/room.ts";
import { CreateRoom, EjectRequest } from "./core/room-properties.ts";
import { dailyError, json, type Reply } from "./http.ts";
import type { Log } from "./log-events.ts";

export interface RestContext {
  domain: Domain;
  domainName: string;
  domainId: string;
  apiKey: string;
  /** Where rooms are, without a slash at the end: a room's URL is this and its name. */
  publicUrl: string;
  log: Log;
}

export interface RestRequest {
  method: string;
  /** Without `/v1` and the query: `/rooms/abc`. */
  path: string;
  authorization: string | undefined;
  contentType: string | undefined;
  body: string;
}

/**
 * Daily's REST API, as far as the edge needs it. Pure but for the domain it acts on.
 * @throws ProblemError when the body is no JSON or does not fit.
 */
export function handleRest(context: RestContext, request: RestRequest): Reply {
  const refusal = authenticate(context.apiKey, request.authorization);
  if (refusal) return refusal;
  if (request.body !== "" && !isJson(request.contentType)) {
    return dailyError("invalid-request-error", "The content type has to be application/json.");
  }
  const [resource, name, action, ...rest] = request.path.split("/").slice(1);
  if (rest.length > 0) return notFound();
  const route = `${request.method} /${[resource, name && ":name", action].filter(Boolean).join("/")}`;
  switch (route) {
    case "GET /":
      return json(200, { domain_name: context.domainName, domain_id: context.domainId, config: {} });
    case "POST /rooms":
      return createRoom(context, request.body);
    case "GET /rooms/:name":
      return withRoom(context, name, (room) => json(200, view(context, room)));
    case "DELETE /rooms/:name":
      return deleteRoom(context, name ?? "");
    case "POST /rooms/:name/eject":
      return withRoom(context, name, (room) => eject(context, room, request.body));
    case "GET /rooms/:name/presence":
      return withRoom(context, name, (room) => presence(context, room));
    default:
      return notFound();
  }
}

const notFound = () => dailyError("not-found", "There is no such resource, or it is not emulated.");

function authenticate(apiKey: string, authorization: string | undefined): Reply | null {
  const key = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  if (!key) return dailyError("authorization-header-error", "missing or malformed authorization header");
  // The emulator's key is public, so comparing it in constant time would protect nothing.
  return key === apiKey ? null : dailyError("authentication-error", "the API key is not valid");
}

const isJson = (contentType = "") => /^application\/json\s*(;|$)/i.test(contentType);

/** An empty body is an empty object, as for Daily. */
const orEmpty = (body: string) => (body === "" ? "{}" : body);

function withRoom({ domain }: RestContext, name: string | undefined, then: (room: Room) => Reply): Reply {
  const room = domain.room(name ?? "");
  return room ? then(room) : dailyError("not-found", `room ${name} not found`);
}

function createRoom(context: RestContext, body: string): Reply {
  const request = parseJson(CreateRoom, orEmpty(body));
  const created = context.domain.createRoom(request);
  if (created.ok) {
    context.log({ event: "room.created", room: created.room.name });
    return json(200, view(context, created.room));
  }
  const info =
    created.reason === "exists"
      ? `a room named ${request.name} already exists`
      : "the emulator holds as many rooms as it can";
  return dailyError("invalid-request-error", info);
}

function deleteRoom({ domain, log }: RestContext, name: string): Reply {
  const expired = !domain.room(name) && domain.meeting(name) !== undefined;
  if (domain.deleteRoom(name)) {
    log({ event: "room.deleted", room: name });
    return json(200, { deleted: true, name });
  }
  // Daily: an expired room counts as deleted already, and says both.
  if (expired)
    return json(404, { error: "not-found", info: `room ${name} has expired`, deleted: true, name });
  return dailyError("not-found", `room ${name} not found`);
}

function eject({ domain }: RestContext, room: Room, body: string): Reply {
  const request = parseJson(EjectRequest, orEmpty(body));
  return json(200, { ejectedIds: domain.eject(room.name, request) });
}

function presence({ domain }: RestContext, room: Room): Reply {
  const meeting = domain.meeting(room.name);
  const data = (meeting?.participants ?? []).map((participant) => ({
    room: room.name,
    id: participant.sessionId,
    userId: participant.userId,
    userName: participant.userName,
    mtgSessionId: meeting?.sessionId,
    joinTime: participant.joinedAt,
    duration: Math.floor((Date.now() - Date.parse(participant.joinedAt)) / 1000),
  }));
  return json(200, { total_count: data.length, data });
}

function view({ publicUrl }: RestContext, room: Room): Record<string, unknown> {
  const { id, name, privacy, createdAt, config } = room;
  return { id, name, api_created: true, privacy, url: `${publicUrl}/${name}`, created_at: createdAt, config };
}
