import type { z } from "zod";
import type { ErrorCodeOf } from "../../protocol/errors.ts";
import { EVENTS_AFTER, EVENTS_TICKET, EventMessage, eventsPath } from "../../protocol/events.ts";
import { LinkCommand, LinkReport, linkPath } from "../../protocol/link.ts";
import {
  ClientConfig,
  ConnectReply,
  ConnectRequest,
  IDEMPOTENCY_KEY_HEADER,
  SESSION_ID_HEADER,
  SessionView,
  StartReply,
  StartRequest,
  StopReply,
} from "../../protocol/session.ts";
import { DeepHealth, Health } from "../routes/health-reply.ts";

/** The schemas that the document names. Requests are shown as they may be sent, the rest as it is sent by us. */
export const SCHEMAS = {
  StartRequest,
  StartReply,
  ConnectRequest,
  ConnectReply,
  SessionView,
  StopReply,
  ClientConfig,
  Health,
  DeepHealth,
  EventMessage,
  LinkReport,
  LinkCommand,
} satisfies Record<string, z.ZodType>;
export type SchemaName = keyof typeof SCHEMAS;

type EdgeError = ErrorCodeOf<"edge">;

export interface Reply {
  description: string;
  /** More than one where the answer depends on the request. None for an upgrade. */
  schemas?: readonly SchemaName[];
  /** By name, with what they say. */
  headers?: Readonly<Record<string, string>>;
}

export interface Parameter {
  name: string;
  in: "query" | "header";
  description: string;
  required?: boolean;
  schema: Readonly<Record<string, unknown>>;
}

export interface Operation {
  /** Unique; generated clients name their functions by it. */
  id: string;
  summary: string;
  description?: string;
  /** How the caller says who it is. `caller`: by a bearer token, unless the service is open to anybody. */
  by: "anybody" | "caller" | "operator" | "ticket" | "link token";
  parameters?: readonly Parameter[];
  body?: SchemaName;
  replies: Readonly<Partial<Record<101 | 200 | 201, Reply>>>;
  problems: readonly EdgeError[];
}

/** Everything may break, and behind `/health` nothing runs with settings that are wrong. */
const ANYWHERE = ["internal", "misconfigured"] as const satisfies EdgeError[];
const OF_CALLERS = [...ANYWHERE, "unauthorized", "auth_unavailable"] as const satisfies EdgeError[];
/** Pages of foreign origins may not change anything. */
const OF_CHANGES = [...OF_CALLERS, "forbidden"] as const satisfies EdgeError[];
const OF_STARTS = [
  ...OF_CHANGES,
  "invalid_json",
  "conflict",
  "session_ended",
  "body_too_large",
  "unsupported_media_type",
  "invalid_request",
  "rate_limited",
  "too_many_sessions",
  "daily_failed",
  "no_capacity",
] as const satisfies EdgeError[];

const OF_SESSION = { [SESSION_ID_HEADER]: "The session's id." };
const BEGUN = "A session was begun.";
const AGAIN = "The Idempotency-Key came before, with the same request: its session lives, with a new token.";

const IDEMPOTENCY_KEY: Parameter = {
  name: IDEMPOTENCY_KEY_HEADER,
  in: "header",
  description:
    "The same key with the same body is the same session. Hard to guess, as a UUID is: without a token of its own, whoever sends the same is handed the same session.",
  schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" },
};

const START: Omit<Operation, "id"> = {
  summary: "Start a session",
  description:
    "A room, the caller's token for it, and a bot on its way. Fields that are not in the schema are ignored. Which properties of rooms and tokens may be asked for is in the documentation; any other is refused.",
  by: "caller",
  parameters: [IDEMPOTENCY_KEY],
  body: "StartRequest",
  replies: {
    201: { description: BEGUN, schemas: ["StartReply"], headers: OF_SESSION },
    200: { description: AGAIN, schemas: ["StartReply"], headers: OF_SESSION },
  },
  problems: OF_STARTS,
};

/**
 * Every address of the service but the console's files, by OpenAPI's way to write a path. A test compares it with the
 * routes, and with what they answer.
 */
export const OPERATIONS: Readonly<Record<string, Partial<Record<"get" | "post", Operation>>>> = {
  "/health": {
    get: {
      id: "health",
      summary: "Whether the service can do its work",
      description:
        "Cheap by default. `deep=1` asks Daily and every bot host; in production for operators only.",
      by: "operator",
      parameters: [
        {
          name: "deep",
          in: "query",
          description: "1: ask Daily and the bot hosts.",
          schema: { type: "string" },
        },
      ],
      replies: {
        200: { description: "How things are, also when they are bad.", schemas: ["Health", "DeepHealth"] },
      },
      problems: OF_CHANGES,
    },
  },
  "/api/rtvi/start": { post: { id: "startSession", ...START } },
  "/start": { post: { id: "startSessionAsPipecat", ...START, summary: "Start a session (alias)" } },
  "/connect": {
    post: {
      id: "connect",
      summary: "Start a session, with the leanest reply",
      description: "For clients whose daily-js throws at a field that it does not know.",
      by: "caller",
      parameters: [IDEMPOTENCY_KEY],
      body: "ConnectRequest",
      replies: {
        201: { description: BEGUN, schemas: ["ConnectReply"], headers: OF_SESSION },
        200: { description: AGAIN, schemas: ["ConnectReply"], headers: OF_SESSION },
      },
      problems: OF_STARTS,
    },
  },
  "/api/rtvi/{id}": {
    get: {
      id: "viewSession",
      summary: "A session as it is now",
      by: "caller",
      replies: { 200: { description: "The session.", schemas: ["SessionView"] } },
      problems: [...OF_CALLERS, "session_not_found"],
    },
  },
  "/api/rtvi/{id}/stop": {
    post: {
      id: "stopSession",
      summary: "End a session",
      description: "As often as you like: a session that has ended stays as it ended.",
      by: "caller",
      replies: { 200: { description: "How it ended.", schemas: ["StopReply"] } },
      problems: [...OF_CHANGES, "session_not_found"],
    },
  },
  [eventsPath("{id}")]: {
    get: {
      id: "watchSession",
      summary: "A session's events (WebSocket)",
      description:
        "Text messages, each an EventMessage: all that has happened, then what happens. `ping` is answered `pong`; nothing else may be said. Closed with 1000 after the end, 4408 when it has to be opened again for the rest, 4404 for a session that was forgotten, 4416 for an `after` that is ahead of the session, 4429 for too many watchers, 4400 after a message.",
      by: "ticket",
      parameters: [
        {
          name: EVENTS_TICKET,
          in: "query",
          required: true,
          description: "Part of `rtvi.wsEndpoint` of a start's reply.",
          schema: { type: "string" },
        },
        {
          name: EVENTS_AFTER,
          in: "query",
          description: "The `seq` of the newest event that is known already.",
          schema: { type: "string", pattern: "^\\d{1,15}$" },
        },
      ],
      replies: { 101: { description: "The WebSocket.", schemas: ["EventMessage"] } },
      problems: [...ANYWHERE, "unauthorized", "forbidden", "invalid_request", "upgrade_required"],
    },
  },
  "/client-config": {
    get: {
      id: "clientConfig",
      summary: "What a page has to know before it starts a session",
      by: "anybody",
      replies: { 200: { description: "The configuration.", schemas: ["ClientConfig"] } },
      problems: ANYWHERE,
    },
  },
  "/openapi.json": {
    get: {
      id: "openApi",
      summary: "This document",
      by: "anybody",
      replies: { 200: { description: "OpenAPI 3.1." } },
      problems: ANYWHERE,
    },
  },
  [linkPath("{id}")]: {
    get: {
      id: "linkBot",
      summary: "The link of a bot to its session (WebSocket), for bot runtimes",
      description: "The bot sends LinkReports and is sent LinkCommands, as text messages.",
      by: "link token",
      replies: { 101: { description: "The WebSocket.", schemas: ["LinkCommand", "LinkReport"] } },
      problems: [...ANYWHERE, "unauthorized", "upgrade_required"],
    },
  },
};
