import type { EndReason } from "../protocol/session.ts";
import type { RoomEnd } from "./room/room.ts";

/** Where a bot is with its call. Pure: what to do about it is `bot.ts`'s. */
export type BotState =
  /** The page is being prepared. `cue`: whether we were told, or have resolved, to join as soon as it is. */
  | { kind: "preparing"; cue: "awaited" | "given"; failedJoins: number }
  /** Prepared; the room may not exist yet. */
  | { kind: "waiting" }
  | { kind: "joining"; failedJoins: number }
  /** The room was not there; another try follows. */
  | { kind: "retrying"; failedJoins: number }
  /** In the call, and no client has been there yet. */
  | { kind: "alone" }
  /** A client is in the call, and has not said `client-ready`. */
  | { kind: "meeting" }
  | { kind: "talking" }
  /** The client was ready and has left: its network may be changing. */
  | { kind: "away" }
  | { kind: "ended"; reason: EndReason };

export type BotEvent =
  | { kind: "room-ready" }
  | { kind: "opened" }
  | { kind: "open-failed" }
  | { kind: "joined"; clientPresent: boolean }
  | { kind: "join-failed"; type: string }
  | { kind: "client-joined" }
  /** No client is left. */
  | { kind: "client-left" }
  | { kind: "client-ready" }
  | { kind: "room-ended"; end: RoomEnd }
  | { kind: "timer"; timer: TimerName }
  | { kind: "end"; reason: EndReason };

export type TimerName = "blindJoin" | "joinRetry" | "neverJoined" | "clientGrace" | "idle" | "expiry";

export const INITIAL: BotState = { kind: "preparing", cue: "awaited", failedJoins: 0 };

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
      return ["blindJoin", "neverJoined", "expiry"];
    case "retrying":
      return ["joinRetry", "neverJoined", "expiry"];
    case "joining":
    case "alone":
      return ["neverJoined", "expiry"];
    case "meeting":
    case "talking":
      return ["idle", "expiry"];
    case "away":
      return ["clientGrace", "expiry"];
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
    case "timer":
      return onTimer(state, event.timer);
    case "room-ready":
      return onCue(state);
    case "opened":
      if (state.kind !== "preparing") return state;
      return state.cue === "given" ? joining(state.failedJoins) : { kind: "waiting" };
    case "joined":
      if (state.kind !== "joining") return state;
      return { kind: event.clientPresent ? "meeting" : "alone" };
    case "join-failed":
      return state.kind === "joining" ? onJoinFailed(state.failedJoins + 1, event.type) : state;
    case "client-joined":
      if (state.kind === "alone") return { kind: "meeting" };
      return state.kind === "away" ? { kind: "talking" } : state;
    case "client-ready":
      return state.kind === "alone" || state.kind === "meeting" || state.kind === "away"
        ? { kind: "talking" }
        : state;
    case "client-left":
      if (state.kind === "meeting") return ended("client_left");
      return state.kind === "talking" ? { kind: "away" } : state;
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
    case "clientGrace":
      return ended("client_left");
    case "idle":
      return ended("idle");
    case "expiry":
      return ended("expired");
  }
}

function onJoinFailed(failedJoins: number, type: string): BotState {
  if (type === "exp-room" || type === "exp-token") return ended("expired");
  if (type === "lost") return ended("bot_lost");
  if (type === "no-room" && failedJoins < MAX_JOINS) return { kind: "retrying", failedJoins };
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
