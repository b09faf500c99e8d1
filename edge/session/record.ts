import type { Language } from "../../protocol/languages.ts";
import type { EndReason, Mark, TurnSummary, Usage } from "../../protocol/session.ts";

/** Where a session stands. The reason of an end belongs to the end and to nothing else. */
export type Life =
  | { state: "starting" }
  | { state: "active" }
  | { state: "recovering" }
  | { state: "completed" | "failed"; reason: EndReason; endedAt: number };

/** The link of the present attempt. `id` tells a socket from the one that replaced it. */
export type Link = { kind: "none" } | { kind: "open"; id: number } | { kind: "closed"; closedAt: number };

/** Work that is owed to the outside, until it is done or given up. */
export type Duty =
  /** Tell a host to stop its bots up to an attempt. */
  | { kind: "stop-bot"; hostId: string; attempt: number }
  /** Close the link, which was left open for the bot's last reports. */
  | { kind: "close-link" }
  /** Delete the room if it is ours, else put our participants out of it. */
  | { kind: "clear-room" }
  /** Let go of a claim, by the name of its object. */
  | { kind: "release-claim"; claim: string }
  /** Wipe everything we keep of the session. */
  | { kind: "forget" };
export type Job = Duty & {
  id: number;
  /** Epoch milliseconds. */
  dueAt: number;
  /** How often it has failed. */
  failures: number;
};

/** The jobs that call out, and so can fail. */
export type OutsideJob = Extract<Job, { kind: "stop-bot" | "clear-room" | "release-claim" }>;

/** Something that only so many sessions may have at a time, and that this one has. */
export interface Claim {
  /** A place among the user's sessions, or a room that is not ours. */
  of: "user" | "room";
  /** Of the object that keeps it. */
  name: string;
  /** How many sessions may have it. */
  limit: number;
  /** Epoch milliseconds. It is lost then, should nobody let go of it. */
  expiresAt: number;
}

/** All that is kept of a session but its transcript. Times are epoch milliseconds. */
export interface SessionRecord {
  sessionId: string;
  life: Life;
  createdAt: number;
  expiresAt: number;
  /** The setting as it was at the start, so that one session lives by one rule. */
  linkGraceMs: number;
  language: Language;
  room: {
    name: string;
    url: string;
    /** We made it, so we delete it. Any other room is never changed. */
    owned: boolean;
    /** Whether it can be joined yet. */
    ready: boolean;
  };
  /** Daily's `user_id` of the caller. */
  callerId: string;
  /** The subject of the caller who started it. Nobody else may see or stop it; where there is none, its id is enough. */
  owner: string | undefined;
  /** Of the start request, where it came with a key under which it may come again. */
  fingerprint: string | undefined;
  /** What it still holds. */
  claims: Claim[];
  bot: {
    attempt: number;
    hostId: string | undefined;
    /** The newest report of this attempt that was applied. */
    appliedSeq: number;
    link: Link;
  };
  timeline: Partial<Record<Mark, number>>;
  /** What is stored of the transcript, beside this record. */
  transcript: { entries: number; chars: number };
  usage: Usage;
  /** Of the newest bot that has left. */
  turns?: TurnSummary;
  /** How many events watchers were told of: the number of the newest. */
  happenings: number;
  jobs: Job[];
  /** Ids handed out so far, for links and jobs. */
  lastId: number;
}

export type Ended = Extract<Life, { reason: EndReason }>;

export function isEnded(life: Life): life is Ended {
  return life.state === "completed" || life.state === "failed";
}

/**
 * Nothing more is to come: it has ended, and its bot has had its last words. These may be under way while we close its
 * link, until it is closed on both sides.
 */
export function isOver({ life, bot }: SessionRecord): boolean {
  return isEnded(life) && bot.link.kind !== "open";
}

const COMPLETED: ReadonlySet<EndReason> = new Set<EndReason>(["stopped", "client_left", "idle", "expired"]);

export function endOf(reason: EndReason, endedAt: number): Ended {
  return { state: COMPLETED.has(reason) ? "completed" : "failed", reason, endedAt };
}

/** What a session begins with. */
export type NewSession = Pick<
  SessionRecord,
  | "sessionId"
  | "createdAt"
  | "expiresAt"
  | "linkGraceMs"
  | "language"
  | "callerId"
  | "owner"
  | "fingerprint"
  | "claims"
> & { room: Omit<SessionRecord["room"], "ready"> };

export function newRecord({ room, ...given }: NewSession): SessionRecord {
  return {
    ...given,
    life: { state: "starting" },
    room: { ...room, ready: false },
    bot: { attempt: 1, hostId: undefined, appliedSeq: 0, link: { kind: "none" } },
    timeline: {},
    transcript: { entries: 0, chars: 0 },
    usage: { promptTokens: 0, responseTokens: 0, totalTokens: 0 },
    happenings: 0,
    jobs: [],
    lastId: 0,
  };
}
