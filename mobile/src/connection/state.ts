import type { EndReason } from "../../../protocol/session.ts";
import {
  type Assistant,
  type CallEnd,
  type Connection,
  canConnect,
  IDLE,
  type InCall,
  sessionIdOf,
} from "./connection.ts";
import type { Failure } from "./failure.ts";
import { type WaitName, waitOf } from "./waits.ts";

export type ConnectionEvent =
  | { readonly type: "connect-pressed" }
  | { readonly type: "resume-pressed"; readonly sessionId: string }
  | { readonly type: "hang-up-pressed" }
  /** What ended or failed was read, and is put away. */
  | { readonly type: "dismissed" }
  | { readonly type: "device-ready" }
  | { readonly type: "session-started"; readonly sessionId: string }
  | { readonly type: "joined" }
  | { readonly type: "bot-ready" }
  /** From the bot's `assistant-status`. */
  | { readonly type: "assistant-away" }
  | { readonly type: "assistant-back" }
  | { readonly type: "bot-left" }
  | { readonly type: "network-lost" }
  | { readonly type: "network-back" }
  /** The call broke in a way that joining anew may mend. */
  | { readonly type: "call-lost"; readonly failure: Failure }
  | { readonly type: "service-ended"; readonly reason?: EndReason }
  | { readonly type: "failed"; readonly failure: Failure }
  | { readonly type: "timed-out"; readonly wait: WaitName };

/** An event that has no meaning in a state leaves it as it is, identically. */
export function next(connection: Connection, event: ConnectionEvent): Connection {
  switch (event.type) {
    case "connect-pressed":
      return canConnect(connection) ? { phase: "permission" } : connection;
    case "resume-pressed":
      return canConnect(connection) ? { phase: "permission", resume: event.sessionId } : connection;
    case "dismissed":
      return canConnect(connection) ? IDLE : connection;
    case "hang-up-pressed":
      return onHangUp(connection);
    case "service-ended":
      return onServiceEnded(connection, event.reason);
    case "failed":
      return canConnect(connection) ? connection : fail(connection, event.failure, false);
    case "call-lost":
      return onCallLost(connection, event.failure);
    case "timed-out":
      return waitOf(connection)?.name === event.wait ? onTimeOut(connection) : connection;
    default:
      return onProgress(connection, event);
  }
}

type Progress = Extract<
  ConnectionEvent,
  {
    type:
      | "device-ready"
      | "session-started"
      | "joined"
      | "bot-ready"
      | "assistant-away"
      | "assistant-back"
      | "bot-left"
      | "network-lost"
      | "network-back";
  }
>;

function onProgress(connection: Connection, event: Progress): Connection {
  switch (connection.phase) {
    case "permission":
      if (event.type !== "device-ready") return connection;
      return connection.resume === undefined
        ? { phase: "starting" }
        : { phase: "connecting", sessionId: connection.resume };
    case "starting":
      return event.type === "session-started"
        ? { phase: "connecting", sessionId: event.sessionId }
        : connection;
    case "connecting":
      // The assistant may be quicker than our own join's confirmation.
      if (event.type === "bot-ready") return { phase: "live", sessionId: connection.sessionId };
      return event.type === "joined" ? { phase: "waiting", sessionId: connection.sessionId } : connection;
    case "waiting":
      return event.type === "bot-ready" ? { phase: "live", sessionId: connection.sessionId } : connection;
    case "live":
    case "recovering":
    case "reconnecting":
      return onInCall(connection, event);
    default:
      return connection;
  }
}

function onInCall(connection: InCall, event: Progress): Connection {
  const assistant = connection.phase === "live" ? "here" : connection.assistant;
  switch (event.type) {
    case "bot-ready":
      return inCall(connection, "up", "here");
    case "bot-left":
      return inCall(connection, networkOf(connection), "left");
    case "assistant-away":
      return assistant === "left" ? connection : inCall(connection, networkOf(connection), "away");
    case "assistant-back":
      return assistant === "away" ? inCall(connection, networkOf(connection), "here") : connection;
    case "network-lost":
      return inCall(connection, "down", assistant);
    case "network-back":
      // What we join ourselves is back with the assistant's word, not with the network's.
      return connection.phase === "reconnecting" && connection.by === "us"
        ? connection
        : inCall(connection, "up", assistant);
    default:
      return connection;
  }
}

function networkOf(connection: InCall): "up" | "down" {
  return connection.phase === "reconnecting" ? "down" : "up";
}

/** A broken way is shown before a missing assistant: nothing is known of an assistant that cannot be heard of. */
function inCall(connection: InCall, network: "up" | "down", assistant: Assistant): Connection {
  const { sessionId } = connection;
  if (network === "down") {
    if (connection.phase !== "reconnecting")
      return { phase: "reconnecting", sessionId, by: "daily", assistant };
    return connection.assistant === assistant ? connection : { ...connection, assistant };
  }
  if (assistant === "here") return connection.phase === "live" ? connection : { phase: "live", sessionId };
  return connection.phase === "recovering" && connection.assistant === assistant
    ? connection
    : { phase: "recovering", sessionId, assistant };
}

function onHangUp(connection: Connection): Connection {
  switch (connection.phase) {
    case "idle":
    case "ended":
    case "failed":
      return connection;
    case "permission":
      // The session that was to be resumed goes on: nobody has joined it, and it can still be resumed.
      return IDLE;
    case "starting":
      return IDLE;
    default:
      return { phase: "ended", sessionId: connection.sessionId, end: { by: "user" } };
  }
}

function onServiceEnded(connection: Connection, reason: EndReason | undefined): Connection {
  const end: CallEnd = reason === undefined ? { by: "service" } : { by: "service", reason };
  switch (connection.phase) {
    case "connecting":
    case "waiting":
    case "live":
    case "reconnecting":
    case "recovering":
      return { phase: "ended", sessionId: connection.sessionId, end };
    case "permission":
      return connection.resume === undefined
        ? connection
        : { phase: "ended", sessionId: connection.resume, end };
    case "ended":
      // The record was read after the call: now it is known why.
      return connection.end.by === "service" && connection.end.reason === undefined && reason !== undefined
        ? { ...connection, end }
        : connection;
    default:
      return connection;
  }
}

function onCallLost(connection: Connection, failure: Failure): Connection {
  switch (connection.phase) {
    case "live":
      return { phase: "reconnecting", sessionId: connection.sessionId, by: "us", assistant: "here" };
    case "recovering":
      return { ...connection, phase: "reconnecting", by: "us" };
    case "reconnecting":
      return connection.by === "us" ? connection : { ...connection, by: "us" };
    case "connecting":
    case "waiting":
      return fail(connection, failure, true);
    default:
      return connection;
  }
}

function onTimeOut(connection: Connection): Connection {
  switch (connection.phase) {
    case "permission":
      return fail(connection, { kind: "microphone", reason: "unanswered" }, false);
    case "starting":
      return fail(connection, { kind: "start-timeout" }, false);
    case "connecting":
      return fail(connection, { kind: "join-timeout" }, true);
    case "waiting":
      return fail(connection, { kind: "ready-timeout" }, false);
    case "reconnecting":
      return connection.by === "daily"
        ? { ...connection, by: "us" }
        : fail(connection, { kind: "network" }, true);
    case "recovering":
      return fail(connection, { kind: "assistant-lost" }, false);
    default:
      return connection;
  }
}

function fail(connection: Connection, failure: Failure, resumable: boolean): Connection {
  // What could not even begin to be resumed goes on as before.
  if (connection.phase === "permission" && connection.resume !== undefined) {
    return { phase: "failed", failure, sessionId: connection.resume, resumable: true };
  }
  const sessionId = sessionIdOf(connection);
  return sessionId === undefined
    ? { phase: "failed", failure, resumable: false }
    : { phase: "failed", failure, sessionId, resumable };
}
