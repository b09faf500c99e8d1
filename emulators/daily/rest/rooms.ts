import { z } from "zod";
import type { Room } from "../core/room.ts";
import { CreateRoom, UpdateRoom, withoutDefaults } from "../core/room-properties.ts";
import { dailyError, json, type Reply } from "../http.ts";
import { isoSeconds, type RestCall, type RestContext, roomNotFound } from "./context.ts";
import { limitOf, parseBody, parseQuery } from "./parse.ts";

/** Daily lists at most 100 rooms at once. */
const MAX_LISTED = 100;

/** Of `GET /rooms`. Both ids are of rooms, not names. */
const ListQuery = z
  .strictObject({
    limit: limitOf(MAX_LISTED),
    ending_before: z.string().optional(),
    starting_after: z.string().optional(),
  })
  .refine((query) => query.ending_before === undefined || query.starting_after === undefined, {
    message: "ending_before and starting_after exclude each other",
  });

export function createRoom({ context, body }: RestCall): Reply {
  const request = parseBody(CreateRoom, body);
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

/**
 * The newest first. Daily's reference reads: `ending_before` for those created before the named room, `starting_after` for
 * those created after it. `total_count` counts every room.
 */
export function listRooms({ context, query }: RestCall): Reply {
  const { limit, ending_before: before, starting_after: after } = parseQuery(ListQuery, query);
  const rooms = context.domain.rooms;
  const cursor = before ?? after;
  const index = rooms.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && index < 0) {
    return dailyError("invalid-request-error", `there is no room with the id ${cursor}`);
  }
  const [from, to] = before !== undefined ? [0, index] : [index + 1, rooms.length];
  const listed = rooms.slice(from, to).reverse().slice(0, limit);
  return json(200, { total_count: rooms.length, data: listed.map((room) => view(context, room)) });
}

export function getRoom({ context, name }: RestCall): Reply {
  const room = context.domain.room(name);
  return room ? json(200, view(context, room)) : roomNotFound(name);
}

export function updateRoom({ context, name, body }: RestCall): Reply {
  if (!context.domain.room(name)) return roomNotFound(name);
  const room = context.domain.updateRoom(name, parseBody(UpdateRoom, body));
  if (!room) return roomNotFound(name);
  context.log({ event: "room.updated", room: name });
  return json(200, view(context, room));
}

export function deleteRoom({ context: { domain, log }, name }: RestCall): Reply {
  const expired = !domain.room(name) && domain.meeting(name) !== undefined;
  if (domain.deleteRoom(name)) {
    log({ event: "room.deleted", room: name });
    return json(200, { deleted: true, name });
  }
  // Daily: an expired room counts as deleted already, and says both.
  if (expired) {
    return json(404, { error: "not-found", info: `room ${name} has expired`, deleted: true, name });
  }
  return roomNotFound(name);
}

function view({ publicUrl }: RestContext, room: Room): Record<string, unknown> {
  const { id, name, privacy, createdAtMs, config } = room;
  return {
    id,
    name,
    api_created: true,
    privacy,
    url: `${publicUrl}/${name}`,
    created_at: isoSeconds(createdAtMs),
    config: withoutDefaults(config),
  };
}
