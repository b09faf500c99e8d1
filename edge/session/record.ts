import type { Language } from "../../protocol/languages.ts";
import type { EndReason, Mark, TurnSummary, Usage } from "../../protocol/session.ts";
import type { ReadyClient, Takeover } from "../../protocol/takeover.ts";

/** Where a session stands. The reason of an end belongs to the end and to nothing else. */
export type Life =
  | { state: "starting" }
  | { state: "active" }
  /** Nobody is there to talk with the client. `since`: when the bot was lost, or left for the next. */
  | { state: "recovering"; since: number; step: RecoveryStep }
  | { state: "completed" | "failed"; reason: EndReason; endedAt: number };

/** Where the present attempt stands until its bot is in the room. After `until` it has come to nothing. */
export type RecoveryStep =
  /** Between two attempts; the next one begins then. */
  | { kind: "pausing"; until: number }
  /** A host is looked for. */
  | { kind: "dispatching"; until: number }
  /** A host has taken the call. */
  | { kind: "joining"; until: number };

/** The link of one attempt. `id` tells a socket from the one that replaced it. */
export type Link =
  | { kind: "none" }
  /** `heardAt`: when it was last known to say something. */
  | { kind: "open"; id: number; heardAt: number }
  /** `isForgiven`: the grace has begun once more, since we were away ourselves when it was over. */
  | { kind: "closed"; closedAt: number; isForgiven?: true };

/** One attempt, and the bot of it that there may be. */
export interface Bot {
  attempt: number;
  /** As soon as it is known. */
  hostId: string | undefined;
  /** How it takes over from the one before; `undefined` for a session's first. */
  how: Takeover["how"] | undefined;
  /** Lines of the transcript that it was sent for with: so many from the first. */
  told: number;
  /** The newest of its reports that was applied. */
  appliedSeq: number;
  link: Link;
  /** When it told us that it is in the room. */
  joinedAt: number | undefined;
}

/** The present bot has asked to be relieved, since its host is about to end. It goes on meanwhile. */
export interface Relief {
  /** How many were sent for. */
  tries: number;
  step: ReliefStep;
}
export type ReliefStep =
  /** Until the next one is sent for. */
  | { kind: "pausing"; until: number }
  /** Its host is looked for; it gets itself ready; the present bot was asked to leave. */
  | { kind: "dispatching" | "preparing" | "leaving"; bot: Bot; until: number };

/** Work that is owed to the outside, until it is done or given up. */
export type Duty =
  /** Tell a host to stop its bots up to an attempt. */
  | { kind: "stop-bot"; hostId: string; attempt: number }
  /** Close the link, which was left open for the bot's last reports. */
  | { kind: "close-link" }
  /**
   * Put the bots up to an attempt out of the room, of which the present one is none. `awaited`: it is let in after the
   * first try.
   */
  | { kind: "eject"; upTo: number; awaited: boolean }
  /** Delete the room if it is ours, else put our participants out of it. */
  | { kind: "clear-room" }
  /** Some time after that: look whether anything is left, and clear it up. */
  | { kind: "reap" }
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
export type OutsideJob = Extract<
  Job,
  { kind: "stop-bot" | "eject" | "clear-room" | "reap" | "release-claim" }
>;

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
  /** The settings as they were at the start, so that one session lives by one rule. */
  linkGraceMs: number;
  silentMs: number;
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
  /** The one that counts: whatever another says is not heard. */
  bot: Bot;
  relief?: Relief;
  /** The highest number given to an attempt. */
  lastAttempt: number;
  /** Attempts up to this one were, or will be, put out of the room. */
  ejectedUpTo: number;
  /** How often a lost bot was replaced since the last one that stayed for a while. */
  recoveries: number;
  /** The hosts of the bots that were lost in that time, which are asked last. */
  avoid: string[];
  /** Gemini's newest resumption handle. A credential. */
  handle?: string;
  /** What is known of the client, once it was ready. */
  client?: ReadyClient;
  timeline: Partial<Record<Mark, number>>;
  /** What is stored of the transcript, beside this record. */
  transcript: { entries: number; chars: number };
  usage: Usage;
  /** What of it the bots before the present one have used. */
  usageBefore: Usage;
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

/**
 * Whether the present bot may be told to join: the room is there, and whoever had it before was put out of it, or at
 * least once tried to be.
 */
export function isRoomFree({ room, jobs }: SessionRecord): boolean {
  return room.ready && !jobs.some((job) => job.kind === "eject" && job.awaited && job.failures === 0);
}

/** What a session begins with. */
export type NewSession = Pick<
  SessionRecord,
  | "sessionId"
  | "createdAt"
  | "expiresAt"
  | "linkGraceMs"
  | "silentMs"
  | "language"
  | "callerId"
  | "owner"
  | "fingerprint"
  | "claims"
> & { room: Omit<SessionRecord["room"], "ready"> };

const NO_USAGE: Usage = { promptTokens: 0, responseTokens: 0, totalTokens: 0 };

/** An attempt of which nothing was heard yet. */
export function newBot(given: Pick<Bot, "attempt" | "how" | "told">): Bot {
  return { ...given, hostId: undefined, appliedSeq: 0, link: { kind: "none" }, joinedAt: undefined };
}

/** The bot that is to relieve the present one, once it was sent for. */
export function successorOf({ relief }: SessionRecord): Bot | undefined {
  return relief && relief.step.kind !== "pausing" ? relief.step.bot : undefined;
}

export function newRecord({ room, ...given }: NewSession): SessionRecord {
  return {
    ...given,
    life: { state: "starting" },
    room: { ...room, ready: false },
    bot: newBot({ attempt: 1, how: undefined, told: 0 }),
    lastAttempt: 1,
    ejectedUpTo: 0,
    recoveries: 0,
    avoid: [],
    timeline: {},
    transcript: { entries: 0, chars: 0 },
    usage: NO_USAGE,
    usageBefore: NO_USAGE,
    happenings: 0,
    jobs: [],
    lastId: 0,
  };
}
