import { type Connection, canConnect, IDLE, isInCall, type Phase, sessionIdOf } from "./connection.ts";
import type { Failure } from "./failure.ts";
import { type ConnectionEvent, next } from "./state.ts";
import { WAIT_LIMITS_MS, type WaitName, waitOf } from "./waits.ts";

const sessionId = "s";
const failure: Failure = { kind: "daily", type: "connection-error", detail: "broken" };

/** Every state there is, by a name. */
const STATES = {
  idle: IDLE,
  permission: { phase: "permission" },
  resuming: { phase: "permission", resume: sessionId },
  starting: { phase: "starting" },
  connecting: { phase: "connecting", sessionId },
  waiting: { phase: "waiting", sessionId },
  live: { phase: "live", sessionId },
  interrupted: { phase: "reconnecting", sessionId, by: "daily", assistant: "here" },
  interruptedLeft: { phase: "reconnecting", sessionId, by: "daily", assistant: "left" },
  rejoining: { phase: "reconnecting", sessionId, by: "us", assistant: "here" },
  botLeft: { phase: "recovering", sessionId, assistant: "left" },
  modelAway: { phase: "recovering", sessionId, assistant: "away" },
  endedByUser: { phase: "ended", sessionId, end: { by: "user" } },
  endedUnknown: { phase: "ended", sessionId, end: { by: "service" } },
  endedIdle: { phase: "ended", sessionId, end: { by: "service", reason: "idle" } },
  failed: { phase: "failed", failure, sessionId, resumable: false },
  lost: { phase: "failed", failure, sessionId, resumable: true },
} as const satisfies Record<string, Connection>;
type StateName = keyof typeof STATES;

const EVENTS = {
  connect: { type: "connect-pressed" },
  resume: { type: "resume-pressed", sessionId },
  hangUp: { type: "hang-up-pressed" },
  dismissed: { type: "dismissed" },
  device: { type: "device-ready" },
  started: { type: "session-started", sessionId },
  joined: { type: "joined" },
  botReady: { type: "bot-ready" },
  away: { type: "assistant-away" },
  back: { type: "assistant-back" },
  botLeft: { type: "bot-left" },
  networkLost: { type: "network-lost" },
  networkBack: { type: "network-back" },
  callLost: { type: "call-lost", failure },
  serviceEnded: { type: "service-ended" },
  serviceEndedIdle: { type: "service-ended", reason: "idle" },
  failed: { type: "failed", failure },
} as const satisfies Record<string, ConnectionEvent>;
type EventName = keyof typeof EVENTS;

const FAILED_WITHOUT_SESSION: Connection = { phase: "failed", failure, resumable: false };
const interruptedAway: Connection = { phase: "reconnecting", sessionId, by: "daily", assistant: "away" };
const rejoiningLeft: Connection = { phase: "reconnecting", sessionId, by: "us", assistant: "left" };
const rejoiningAway: Connection = { phase: "reconnecting", sessionId, by: "us", assistant: "away" };

const OVER = { connect: STATES.permission, resume: STATES.resuming, dismissed: IDLE };
/** What a call may come to, whatever it is doing. */
const IN_CALL = {
  hangUp: STATES.endedByUser,
  serviceEnded: STATES.endedUnknown,
  serviceEndedIdle: STATES.endedIdle,
  failed: STATES.failed,
};

/** Every transition. An event that is not named leaves the state as it is, identically. */
const TRANSITIONS: Record<StateName, Partial<Record<EventName, Connection>>> = {
  idle: { connect: STATES.permission, resume: STATES.resuming },
  permission: { device: STATES.starting, hangUp: IDLE, failed: FAILED_WITHOUT_SESSION },
  resuming: {
    device: STATES.connecting,
    hangUp: IDLE,
    failed: STATES.lost,
    serviceEnded: STATES.endedUnknown,
    serviceEndedIdle: STATES.endedIdle,
  },
  starting: { started: STATES.connecting, hangUp: IDLE, failed: FAILED_WITHOUT_SESSION },
  connecting: { ...IN_CALL, joined: STATES.waiting, botReady: STATES.live, callLost: STATES.lost },
  waiting: { ...IN_CALL, botReady: STATES.live, callLost: STATES.lost },
  live: {
    ...IN_CALL,
    away: STATES.modelAway,
    botLeft: STATES.botLeft,
    networkLost: STATES.interrupted,
    callLost: STATES.rejoining,
  },
  interrupted: {
    ...IN_CALL,
    away: interruptedAway,
    botLeft: STATES.interruptedLeft,
    botReady: STATES.live,
    networkBack: STATES.live,
    callLost: STATES.rejoining,
  },
  interruptedLeft: {
    ...IN_CALL,
    botReady: STATES.live,
    networkBack: STATES.botLeft,
    callLost: rejoiningLeft,
  },
  rejoining: {
    ...IN_CALL,
    away: rejoiningAway,
    botLeft: rejoiningLeft,
    botReady: STATES.live,
  },
  botLeft: {
    ...IN_CALL,
    botReady: STATES.live,
    networkLost: STATES.interruptedLeft,
    callLost: rejoiningLeft,
  },
  modelAway: {
    ...IN_CALL,
    botReady: STATES.live,
    back: STATES.live,
    botLeft: STATES.botLeft,
    networkLost: interruptedAway,
    callLost: rejoiningAway,
  },
  endedByUser: OVER,
  endedUnknown: { ...OVER, serviceEndedIdle: STATES.endedIdle },
  endedIdle: OVER,
  failed: OVER,
  lost: OVER,
};

const names = Object.keys(STATES) as StateName[];
const events = Object.keys(EVENTS) as EventName[];

describe.each(names)("%s", (name) => {
  it.each(events)("on %s", (event) => {
    const before: Connection = STATES[name];
    const after = next(before, EVENTS[event]);
    const wanted = TRANSITIONS[name][event];
    if (wanted === undefined) expect(after).toBe(before);
    else expect(after).toEqual(wanted);
  });
});

/** Where each wait ends when its time is over. */
const TIME_OUTS: Partial<Record<StateName, { wait: WaitName; after: Connection }>> = {
  permission: {
    wait: "device",
    after: { phase: "failed", failure: { kind: "microphone", reason: "unanswered" }, resumable: false },
  },
  resuming: {
    wait: "device",
    after: {
      phase: "failed",
      failure: { kind: "microphone", reason: "unanswered" },
      sessionId,
      resumable: true,
    },
  },
  starting: {
    wait: "session",
    after: { phase: "failed", failure: { kind: "start-timeout" }, resumable: false },
  },
  connecting: {
    wait: "join",
    after: { phase: "failed", failure: { kind: "join-timeout" }, sessionId, resumable: true },
  },
  waiting: {
    wait: "assistant",
    after: { phase: "failed", failure: { kind: "ready-timeout" }, sessionId, resumable: false },
  },
  interrupted: { wait: "network", after: STATES.rejoining },
  interruptedLeft: { wait: "network", after: rejoiningLeft },
  rejoining: {
    wait: "rejoin",
    after: { phase: "failed", failure: { kind: "network" }, sessionId, resumable: true },
  },
  botLeft: {
    wait: "next-assistant",
    after: { phase: "failed", failure: { kind: "assistant-lost" }, sessionId, resumable: false },
  },
  modelAway: {
    wait: "model",
    after: { phase: "failed", failure: { kind: "assistant-lost" }, sessionId, resumable: false },
  },
};

describe("time limits", () => {
  it.each(names)("of %s", (name) => {
    const before: Connection = STATES[name];
    const limit = TIME_OUTS[name];
    expect(waitOf(before)).toEqual(limit && { name: limit.wait, ms: WAIT_LIMITS_MS[limit.wait] });
    for (const wait of Object.keys(WAIT_LIMITS_MS) as WaitName[]) {
      const after = next(before, { type: "timed-out", wait });
      // The limit of another wait comes late, from a state that has been left.
      if (wait === limit?.wait) expect(after).toEqual(limit.after);
      else expect(after).toBe(before);
    }
  });

  it("are there for every state but those that may last", () => {
    const lasting: Phase[] = ["idle", "live", "ended", "failed"];
    for (const state of Object.values<Connection>(STATES)) {
      expect([state.phase, waitOf(state) === undefined]).toEqual([
        state.phase,
        lasting.includes(state.phase),
      ]);
    }
  });

  it("lead out of every wait in the end, whatever else stays away", () => {
    for (const state of Object.values<Connection>(STATES)) {
      let connection: Connection = state;
      for (let wait = waitOf(connection); wait !== undefined; wait = waitOf(connection)) {
        const after = next(connection, { type: "timed-out", wait: wait.name });
        expect(after).not.toEqual(connection);
        connection = after;
      }
      expect(["idle", "live", "ended", "failed"]).toContain(connection.phase);
    }
  });
});

it("can begin exactly where nothing is under way", () => {
  for (const state of Object.values<Connection>(STATES)) {
    expect(canConnect(state)).toBe(next(state, EVENTS.connect) !== state);
    expect(isInCall(state)).toBe(["live", "reconnecting", "recovering"].includes(state.phase));
    expect(sessionIdOf(state)).toBe("sessionId" in state ? sessionId : undefined);
  }
});
