import type { Meeting } from "../core/meeting.ts";
import { EjectRequest, SendAppMessage, SetSessionData } from "../core/session-requests.ts";
import { dailyError, json, type Reply } from "../http.ts";
import { type RestCall, roomNotFound } from "./context.ts";
import { parseBody } from "./parse.ts";

/**
 * Who an app message of the API comes from. Daily does not document what participants see; nobody has this id, so that
 * it is not taken for somebody's.
 */
const API_SENDER = "00000000-0000-0000-0000-000000000000";

/** What is asked of a meeting that is going on. Without anybody in the room there is none. */
function withMeeting({ context, name }: RestCall, act: (meeting: Meeting) => Reply): Reply {
  if (!context.domain.room(name)) return roomNotFound(name);
  const meeting = context.domain.meeting(name);
  return meeting && meeting.size > 0
    ? act(meeting)
    : dailyError("not-found", `room ${name} does not seem to be hosting a call currently`);
}

export function eject(call: RestCall): Reply {
  const request = parseBody(EjectRequest, call.body);
  return withMeeting(call, () => json(200, { ejectedIds: call.context.domain.eject(call.name, request) }));
}

/** Who is not there hears nothing, and that is no error. */
export function sendAppMessage(call: RestCall): Reply {
  const { data, recipient } = parseBody(SendAppMessage, call.body);
  return withMeeting(call, (meeting) => {
    if (!call.context.faults.dropsAppMessage()) {
      meeting.send(API_SENDER, recipient, { type: "app-message", from: API_SENDER, data });
    }
    return sent();
  });
}

export function getSessionData(call: RestCall): Reply {
  return withMeeting(call, (meeting) => json(200, { data: meeting.sessionData }));
}

export function setSessionData(call: RestCall): Reply {
  const { data, mergeStrategy, keysToDelete = [] } = parseBody(SetSessionData, call.body);
  return withMeeting(call, (meeting) => {
    const merged = mergeStrategy === "replace" ? data : { ...meeting.sessionData, ...data };
    const kept = Object.entries(merged).filter(([key]) => !keysToDelete.includes(key));
    return meeting.setSessionData(Object.fromEntries(kept), "replace")
      ? sent()
      : dailyError("invalid-request-error", "the session data would be too large");
  });
}

/** In words, as Daily's reference has it. */
const sent = () => json(200, { sent: "true" });
