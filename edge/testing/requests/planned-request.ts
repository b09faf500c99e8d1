import type { Fields } from "./exchange.ts";

/**
 * A request that is not sent yet: what it needs of those before it, such as the id of a session, is described and not
 * known. So a plan is the same for the same seed, whatever ids the service gives.
 */
export interface PlannedRequest {
  /** Which of the services it is for. */
  service: string;
  method: string;
  /** As the document writes it, such as `/api/rtvi/{id}`; or an address where nothing is. */
  path: string;
  session: SessionPlan;
  query: readonly (readonly [name: string, value: string | TicketPlan])[];
  headers: Fields;
  caller: CallerPlan;
  key: KeyPlan;
  body: BodyPlan;
  /** Whether a WebSocket is asked for. */
  upgrade: boolean;
  trouble: Trouble;
}

/** What stands for `{id}`; `keyed`: one that lives, and was begun under a key. `which` is taken modulo those that there are; where there is none it is nobody's. */
export type SessionPlan =
  | { kind: "started"; state: "any" | "living" | "ended" | "keyed"; which: number }
  | { kind: "text"; text: string };

/** A ticket of the session's events, or of another's. */
export interface TicketPlan {
  ticket: "own" | "other";
}

export type CallerPlan =
  | { kind: "nobody" }
  /** One of the users of the service; of none it is nobody. */
  | { kind: "user"; which: number }
  /** Who started the session that it is about. */
  | { kind: "owner" }
  /** A bot's link token of the session, or of another's. */
  | { kind: "bot"; of: "own" | "other" }
  | { kind: "text"; authorization: string };

export type KeyPlan =
  | { kind: "none" }
  | { kind: "new" }
  /** That of an earlier start whose session is so, if there is one, by the same caller, at the same address; with the same body or with this one. */
  | { kind: "again"; state: "living" | "ended"; which: number; same: boolean }
  | { kind: "text"; text: string };

export type BodyPlan =
  | { kind: "none" }
  | { kind: "text"; text: string; type: string | undefined }
  /** As many bytes of one character: too large to be written into a plan. */
  | { kind: "filled"; before: string; bytes: number; after: string; type: string | undefined }
  /** Each character is one byte. */
  | { kind: "bytes"; bytes: string; type: string | undefined };

/** What the service needs of others for a start, and does not get. */
export type Trouble = "none" | "hosts are full" | "Daily refuses";

/** A service that is asked. */
export interface Service {
  name: string;
  /** How many of the requests are for it, against the others. */
  share: number;
  /** How many users it knows by a token. */
  users: number;
  /** Whether who has no token may start a session. */
  open: boolean;
  /** Whether it takes WebSockets and what is at fault can be brought about: others only refuse. */
  works: boolean;
}
