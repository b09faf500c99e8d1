import type { EndReason } from "../protocol/session.ts";
import type { RoomEnd } from "./room/room.ts";

/** Where a bot is with its call. Pure: what to do about it is `bot.ts`'s. */
export type BotState =
  /** The page is being prepared. */
  | { kind: "preparing"; cue: Cue | "given"; failedJoins: number }
  /** Prepared; the room may not exist yet, or another bot is still in it. */
  | { kind: "waiting"; cue: Cue }
  | { kind: "joining"; failedJoins: number }
  /** The room was not there; another try follows. */
  | { kind: "retrying"; failedJoins: number }
  /** In the call, and no client has been there yet. */
  | { kind: "alone" }
  /** A client is in the call, and has not said `client-ready`. `republished`: it was given another cause to. */
  | { kind: "meeting"; republished: boolean }
  | { kind: "talking" }
  /** Nobody has spoken for long; the bot has asked whether anybody is there. */
  | { kind: "asking" }
  /** Nobody was; the bot says goodbye. */
  | { kind: "parting" }
  /** The session is over as soon as the bot has finished what it is saying. */
  | { kind: "finishing"; reason: EndReason }
  /** Another bot goes on as soon as there is a pause. */
  | { kind: "yielding" }
  /** The client was ready and has left: its network may be changing. */
  | { kind: "away" }
  /** Page or browser went away beneath the call, and the bot comes back from another. `before`: to what. */
  | { kind: "rejoining"; before: InCall }
  /** `handedOver`: another bot goes on. */
  | { kind: "ended"; reason: EndReason; handedOver?: true };

/** What a bot waits for before it joins. An `awaited` cue that does not come is done without; a `required` one is not. */
type Cue = "awaited" | "required";

/** The states of a bot that is in the room. */
type InCall = Extract<
  BotState,
  { kind: "alone" | "meeting" | "talking" | "asking" | "parting" | "finishing" | "away" }
>;

export type BotEvent =
  | { kind: "room-ready" }
  | { kind: "opened" }
  | { kind: "open-failed" }
  /** `clientKnown`: it was ready for the bot before. */
  | { kind: "joined"; clientPresent: boolean; clientKnown?: boolean }
  | { kind: "join-failed"; type: string }
  | { kind: "rejoined"; clientPresent: boolean }
  | { kind: "client-joined" }
  /** No client is left. */
  | { kind: "client-left" }
  | { kind: "client-ready" }
  | { kind: "user-spoke" }
  /** The bot has finished what it was saying. */
  | { kind: "bot-silent" }
  | { kind: "room-ended"; end: RoomEnd }
  /** Page or browser went away beneath it, and another may take its place. */
  | { kind: "room-lost" }
  | { kind: "timer"; timer: TimerName }
  | { kind: "end"; reason: EndReason }
  /** An end that can wait for the bot's voice, if it is heard. */
  | { kind: "finish"; reason: EndReason; speaking: boolean }
  /** Another bot is prepared to go on. `free`: at once, without a word being cut off. */
  | { kind: "hand-over"; free: boolean }
  /** Whoever spoke has finished. */
  | { kind: "pause" };

export type TimerName =
  | "blindJoin"
  | "joinRetry"
  | "neverJoined"
  | "readyOverdue"
  | "noHandshake"
  | "clientGrace"
  | "idle"
  | "idleAnswer"
  | "goodbye"
  | "finish"
  | "yield"
  | "rejoin"
  | "lastMinute"
  | "expiry";

const MEETING: BotState = { kind: "meeting", republished: false };
const TALKING: BotState = { kind: "talking" };
/** To whoever counts ends it was stopped: the session is another bot's, and goes on. */
const HANDED_OVER: BotState = { kind: "ended", reason: "stopped", handedOver: true };

export const INITIAL: BotState = { kind: "preparing", cue: "awaited", failedJoins: 0 };
/** Of a bot that relieves another one: that one must be out of the room first. */
export const RELIEVING: BotState = { kind: "preparing", cue: "required", failedJoins: 0 };

/** A blind join may come before the room. After so many tries (some 7 s, see `joinRetryMs`) it will not come. */
const MAX_JOINS = 4;

/** Wait before the next try to join, in milliseconds, after `failedJoins` tries. */
export function joinRetryMs(failedJoins: number): number {
  return 1_000 * 2 ** (failedJoins - 1);
}

/** The timers that run in a state. One that runs in the next state, too, goes on. */
export function timersOf(state: BotState): readonly TimerName[] {
  switch (state.kind) {
    case "preparing":
      return state.cue === "awaited" ? ["blindJoin", "neverJoined", "expiry"] : ["neverJoined", "expiry"];
    case "waiting":
      return state.cue === "awaited" ? ["blindJoin", "neverJoined", "expiry"] : ["neverJoined", "expiry"];
    case "retrying":
      return ["joinRetry", "neverJoined", "expiry"];
    case "joining":
    case "alone":
      return ["neverJoined", "expiry"];
    case "meeting":
      return [state.republished ? "noHandshake" : "readyOverdue", "expiry"];
    case "talking":
      return ["idle", "lastMinute", "expiry"];
    case "asking":
      return ["idleAnswer", "lastMinute", "expiry"];
    case "parting":
      return ["goodbye", "expiry"];
    case "finishing":
      return ["finish", "expiry"];
    case "yielding":
      return ["yield", "expiry"];
    case "away":
      return ["clientGrace", "expiry"];
    case "rejoining":
      return ["rejoin", "expiry"];
    case "ended":
      return [];
  }
}

/** An event that means nothing in a state leaves it as it is: rooms and timers may speak late. */
export function nextState(state: BotState, event: BotEvent): BotState {
  if (state.kind === "ended") return state;
  switch (event.kind) {
    case "end":
      return ended(event.reason);
    case "open-failed":
      return ended("bot_lost");
    case "room-ended":
      return ended(reasonOf(event.end));
    case "room-lost":
      return onRoomLost(state);
    case "timer":
      return onTimer(state, event.timer);
    case "room-ready":
      return onCue(state);
    case "opened":
      if (state.kind !== "preparing") return state;
      return state.cue === "given" ? joining(state.failedJoins) : { kind: "waiting", cue: state.cue };
    case "joined":
      return state.kind === "joining" ? onJoined(event) : state;
    case "join-failed":
      return state.kind === "joining" ? onJoinFailed(state.failedJoins + 1, event.type) : state;
    case "rejoined":
      return state.kind === "rejoining" ? onRejoined(state.before, event.clientPresent) : state;
    case "client-joined":
      if (state.kind === "alone") return MEETING;
      return state.kind === "away" ? { kind: "talking" } : state;
    case "client-ready":
      return state.kind === "alone" || state.kind === "meeting" || state.kind === "away"
        ? { kind: "talking" }
        : state;
    case "client-left":
      return onClientLeft(state);
    case "user-spoke":
      return state.kind === "asking" || state.kind === "parting" ? { kind: "talking" } : state;
    case "bot-silent":
      if (state.kind === "parting") return ended("idle");
      return state.kind === "finishing" ? ended(state.reason) : state;
    case "finish":
      if (state.kind === "finishing") return state;
      return event.speaking ? { kind: "finishing", reason: event.reason } : ended(event.reason);
    case "hand-over":
      return onHandOver(state, event.free);
    case "pause":
      return state.kind === "yielding" ? HANDED_OVER : state;
  }
}

function onJoined({ clientPresent, clientKnown }: Extract<BotEvent, { kind: "joined" }>): BotState {
  if (clientKnown) return clientPresent ? TALKING : { kind: "away" };
  return clientPresent ? MEETING : { kind: "alone" };
}

function onHandOver(state: BotState, free: boolean): BotState {
  switch (state.kind) {
    // The end is near, and needs no other bot.
    case "finishing":
    case "parting":
    case "yielding":
      return state;
    case "talking":
    case "asking":
      return free ? HANDED_OVER : { kind: "yielding" };
    default:
      return HANDED_OVER;
  }
}

function onRoomLost(state: BotState): BotState {
  switch (state.kind) {
    case "alone":
    case "meeting":
    case "talking":
    case "asking":
    case "parting":
    case "finishing":
    case "away":
      return { kind: "rejoining", before: state };
    // Whoever comes next has a page.
    case "yielding":
      return HANDED_OVER;
    // Prepared anew; in the end there is the timer for a bot that never joined.
    case "waiting":
      return { kind: "preparing", cue: state.cue, failedJoins: 0 };
    default:
      return ended("bot_lost");
  }
}

/** Who is in the room may become known only a moment later: then it is as if the client came back. */
function onRejoined(before: InCall, clientPresent: boolean): BotState {
  if (clientPresent) return before.kind === "alone" ? MEETING : before.kind === "away" ? TALKING : before;
  switch (before.kind) {
    case "meeting":
      return { kind: "alone" };
    case "talking":
    case "asking":
    case "parting":
      return { kind: "away" };
    default:
      return before;
  }
}

function onClientLeft(state: BotState): BotState {
  switch (state.kind) {
    case "meeting":
      return ended("client_left");
    case "talking":
    case "asking":
    case "parting":
      return { kind: "away" };
    // There is nobody to hear the rest.
    case "finishing":
      return ended(state.reason);
    // It may come back, to the next bot.
    case "yielding":
      return HANDED_OVER;
    default:
      return state;
  }
}

function onCue(state: BotState): BotState {
  switch (state.kind) {
    case "preparing":
      return { ...state, cue: "given" };
    case "waiting":
      return joining(0);
    case "retrying":
      return { kind: "preparing", cue: "given", failedJoins: state.failedJoins };
    default:
      return state;
  }
}

function onTimer(state: BotState, timer: TimerName): BotState {
  switch (timer) {
    case "blindJoin":
    case "joinRetry":
      return onCue(state);
    case "neverJoined":
      return ended("never_joined");
    case "readyOverdue":
      return state.kind === "meeting" ? { kind: "meeting", republished: true } : state;
    // A client that speaks no RTVI, or that has lost its cue for good: it came to talk all the same.
    case "noHandshake":
      return state.kind === "meeting" ? { kind: "talking" } : state;
    case "clientGrace":
      return ended("client_left");
    case "rejoin":
      return state.kind === "rejoining" ? ended("bot_lost") : state;
    case "idle":
      return { kind: "asking" };
    case "idleAnswer":
      return { kind: "parting" };
    case "goodbye":
      return ended("idle");
    case "finish":
      return state.kind === "finishing" ? ended(state.reason) : state;
    case "yield":
      return state.kind === "yielding" ? HANDED_OVER : state;
    // To be said at the next pause: no matter of state.
    case "lastMinute":
      return state;
    case "expiry":
      return ended("expired");
  }
}

function onJoinFailed(failedJoins: number, type: string): BotState {
  if (type === "exp-room" || type === "exp-token") return ended("expired");
  // The page was lost: another one may be there.
  if (type === "lost" && failedJoins >= MAX_JOINS) return ended("bot_lost");
  if ((type === "no-room" || type === "lost") && failedJoins < MAX_JOINS)
    return { kind: "retrying", failedJoins };
  return ended("daily_failed");
}

function joining(failedJoins: number): BotState {
  return { kind: "joining", failedJoins };
}

function ended(reason: EndReason): BotState {
  return { kind: "ended", reason };
}

function reasonOf(end: RoomEnd): EndReason {
  switch (end.kind) {
    case "left":
    case "ejected":
      return "stopped";
    case "expired":
      return "expired";
    case "failed":
      return "daily_failed";
    case "lost":
      return "bot_lost";
  }
}
