import { z } from "zod";
import type { Meeting } from "../core/meeting.ts";
import { json, type Reply } from "../http.ts";
import type { Participant } from "../signalling-messages.ts";
import { isoSeconds, type RestCall, roomNotFound } from "./context.ts";
import { limitOf, parseQuery } from "./parse.ts";

/** As many as there can be in a room. */
const MAX_LISTED = 200;

/** Of `GET /rooms/:name/presence`. */
const PresenceQuery = z.strictObject({
  limit: limitOf(MAX_LISTED),
  userId: z.string().optional(),
  userName: z.string().optional(),
});

/** Who is in any room. Rooms without anybody are left out. */
export function presence({ context: { domain } }: RestCall): Reply {
  const present = domain.rooms.map(({ name }) => [name, entries(name, domain.meeting(name))] as const);
  return json(200, Object.fromEntries(present.filter(([, participants]) => participants.length > 0)));
}

/** `total_count` counts those whom the filters leave, whatever the limit. */
export function roomPresence({ context: { domain }, name, query }: RestCall): Reply {
  if (!domain.room(name)) return roomNotFound(name);
  const { limit, userId, userName } = parseQuery(PresenceQuery, query);
  const found = entries(name, domain.meeting(name)).filter(
    (entry) =>
      (userId === undefined || entry.userId === userId) &&
      (userName === undefined || entry.userName === userName),
  );
  return json(200, { total_count: found.length, data: found.slice(0, limit) });
}

function entries(room: string, meeting: Meeting | undefined) {
  return (meeting?.participants ?? []).map((participant) => entry(room, meeting?.sessionId, participant));
}

function entry(room: string, mtgSessionId: string | undefined, participant: Participant) {
  const { sessionId, userId, userName, joinedAt } = participant;
  const joinedAtMs = Date.parse(joinedAt);
  return {
    room,
    id: sessionId,
    // In the call the session id stands for a user id that no token gave; here Daily says that there is none.
    userId: userId === sessionId ? null : userId,
    userName: userName === "" ? null : userName,
    mtgSessionId,
    joinTime: isoSeconds(joinedAtMs),
    duration: Math.floor((Date.now() - joinedAtMs) / 1000),
  };
}
