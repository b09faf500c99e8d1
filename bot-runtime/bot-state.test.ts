import { describe, expect, it } from "vitest";
import {
  type BotEvent,
  type BotState,
  INITIAL,
  joinRetryMs,
  nextState,
  RELIEVING,
  type TimerName,
  timersOf,
} from "./bot-state.ts";

function run(...events: BotEvent[]): BotState {
  return events.reduce(nextState, INITIAL);
}

const roomReady: BotEvent = { kind: "room-ready" };
const opened: BotEvent = { kind: "opened" };
const joined: BotEvent = { kind: "joined", clientPresent: false };
const clientJoined: BotEvent = { kind: "client-joined" };
const clientReady: BotEvent = { kind: "client-ready" };
const clientLeft: BotEvent = { kind: "client-left" };
const userSpoke: BotEvent = { kind: "user-spoke" };
const botSilent: BotEvent = { kind: "bot-silent" };
const finish: BotEvent = { kind: "finish", reason: "stopped", speaking: true };
const talking = [roomReady, opened, joined, clientJoined, clientReady];
const noRoom: BotEvent = { kind: "join-failed", type: "no-room" };
const timer = (name: TimerName): BotEvent => ({ kind: "timer", timer: name });

describe("nextState", () => {
  it("joins when page and room are both ready, in whichever order", () => {
    expect(run(roomReady).kind).toBe("preparing");
    expect(run(roomReady, opened).kind).toBe("joining");
    expect(run(opened).kind).toBe("waiting");
    expect(run(opened, roomReady).kind).toBe("joining");
  });

  it("joins blindly when nobody says that the room is there", () => {
    expect(run(opened, timer("blindJoin")).kind).toBe("joining");
    expect(run(timer("blindJoin"), opened).kind).toBe("joining");
  });

  it("walks through a call", () => {
    const states = [roomReady, opened, joined, clientJoined, clientReady, clientLeft, clientJoined].map(
      (_, index, events) => run(...events.slice(0, index + 1)).kind,
    );
    expect(states).toEqual(["preparing", "joining", "alone", "meeting", "talking", "away", "talking"]);
  });

  it("tries again when the room is not there yet, and gives up in the end", () => {
    const retry = [noRoom, timer("joinRetry"), opened];
    const start = [roomReady, opened];
    expect(run(...start, noRoom)).toEqual({ kind: "retrying", failedJoins: 1 });
    expect(run(...start, noRoom, timer("joinRetry")).kind).toBe("preparing");
    expect(run(...start, ...retry, joined).kind).toBe("alone");
    expect(run(...start, ...retry, ...retry, ...retry, noRoom)).toEqual({
      kind: "ended",
      reason: "daily_failed",
    });
  });

  it("does not wait for the retry when it is told that the room is there", () => {
    expect(run(opened, timer("blindJoin"), noRoom, roomReady)).toEqual({
      kind: "preparing",
      cue: "given",
      failedJoins: 1,
    });
  });

  it("tries for less than 10 s", () => {
    expect([1, 2, 3].map(joinRetryMs)).toEqual([1_000, 2_000, 4_000]);
  });

  it.each([
    ["exp-room", "expired"],
    ["exp-token", "expired"],
    ["not-allowed", "daily_failed"],
  ] as const)("ends when the join fails with %s: %s", (type, reason) => {
    expect(run(roomReady, opened, { kind: "join-failed", type })).toEqual({ kind: "ended", reason });
  });

  it("tries again from another page when it was lost while joining, and gives up in the end", () => {
    const lost: BotEvent = { kind: "join-failed", type: "lost" };
    const retry = [lost, timer("joinRetry"), opened];
    expect(run(roomReady, opened, lost)).toEqual({ kind: "retrying", failedJoins: 1 });
    expect(run(roomReady, opened, ...retry, ...retry, ...retry, lost)).toEqual({
      kind: "ended",
      reason: "bot_lost",
    });
  });

  it("comes back when its page is lost, to where it was, whether or not the client is seen at once", () => {
    const lost: BotEvent = { kind: "room-lost" };
    const alone = [roomReady, opened, joined];
    const back = (clientPresent: boolean): BotEvent => ({ kind: "rejoined", clientPresent });
    const cameBack = (events: BotEvent[], clientPresent: boolean) =>
      run(...events, lost, back(clientPresent)).kind;
    const rows: [BotEvent[], string, string][] = [
      [alone, "meeting", "alone"],
      [[...alone, clientJoined], "meeting", "alone"],
      [talking, "talking", "away"],
      [[...talking, timer("idle")], "asking", "away"],
      [[...talking, timer("idle"), timer("idleAnswer")], "parting", "away"],
      [[...talking, clientLeft], "talking", "away"],
      [[...talking, finish], "finishing", "finishing"],
    ];
    for (const [events, seen, unseen] of rows) {
      expect(run(...events, lost).kind).toBe("rejoining");
      expect([cameBack(events, true), cameBack(events, false)]).toEqual([seen, unseen]);
    }
    // Who was told of a moment later came back as if from an absence.
    expect(run(...talking, lost, back(false), clientJoined).kind).toBe("talking");
    expect(run(...alone, clientJoined, lost, back(false), clientJoined).kind).toBe("meeting");
  });

  it("does not come back for ever, and ends meanwhile like at any other time", () => {
    const rejoining = run(...talking, { kind: "room-lost" });
    expect(timersOf(rejoining)).toEqual(["rejoin", "expiry"]);
    expect(nextState(rejoining, timer("rejoin"))).toEqual({ kind: "ended", reason: "bot_lost" });
    expect(nextState(rejoining, timer("expiry"))).toEqual({ kind: "ended", reason: "expired" });
    expect(nextState(rejoining, { kind: "end", reason: "stopped" })).toEqual({
      kind: "ended",
      reason: "stopped",
    });
    const gone: BotEvent = { kind: "room-ended", end: { kind: "expired" } };
    expect(nextState(rejoining, gone)).toEqual({ kind: "ended", reason: "expired" });
    for (const event of [clientJoined, clientLeft, userSpoke, botSilent, opened]) {
      expect(nextState(rejoining, event)).toBe(rejoining);
    }
  });

  it("prepares anew when its page is lost before it joined", () => {
    expect(run(opened, { kind: "room-lost" })).toEqual(INITIAL);
  });

  it("ends at once when a client leaves before it was ready, and waits for one that was", () => {
    expect(run(roomReady, opened, joined, clientJoined, clientLeft)).toEqual({
      kind: "ended",
      reason: "client_left",
    });
    const away = run(roomReady, opened, joined, clientJoined, clientReady, clientLeft);
    expect(away.kind).toBe("away");
    expect(nextState(away, timer("clientGrace"))).toEqual({ kind: "ended", reason: "client_left" });
  });

  it("takes in that the client was seen while joining", () => {
    expect(run(roomReady, opened, { kind: "joined", clientPresent: true }).kind).toBe("meeting");
  });

  it.each([
    [{ kind: "left" }, "stopped"],
    [{ kind: "ejected" }, "stopped"],
    [{ kind: "expired" }, "expired"],
    [{ kind: "failed", detail: "x" }, "daily_failed"],
    [{ kind: "lost", detail: "x" }, "bot_lost"],
  ] as const)("names the end of its room %j as %s", (end, reason) => {
    expect(run(roomReady, opened, joined, { kind: "room-ended", end })).toEqual({ kind: "ended", reason });
  });

  it("ends once: nothing changes the reason", () => {
    const ended = run({ kind: "end", reason: "stopped" });
    for (const event of [
      timer("idle"),
      { kind: "end", reason: "idle" } as const,
      roomReady,
      opened,
      joined,
    ]) {
      expect(nextState(ended, event)).toBe(ended);
    }
  });

  it("asks whether anybody is there, says goodbye, and ends when that was heard", () => {
    const states = [timer("idle"), timer("idleAnswer"), botSilent].map((_, index, events) =>
      run(...talking, ...events.slice(0, index + 1)),
    );
    expect(states).toEqual([{ kind: "asking" }, { kind: "parting" }, { kind: "ended", reason: "idle" }]);
    expect(run(...talking, timer("idle"), timer("idleAnswer"), timer("goodbye"))).toEqual({
      kind: "ended",
      reason: "idle",
    });
  });

  it("goes on when the user answers that, were it during the goodbye", () => {
    expect(run(...talking, timer("idle"), botSilent)).toEqual({ kind: "asking" });
    expect(run(...talking, timer("idle"), userSpoke)).toEqual({ kind: "talking" });
    expect(run(...talking, timer("idle"), timer("idleAnswer"), userSpoke, botSilent)).toEqual({
      kind: "talking",
    });
  });

  it("holds the session for a client that leaves while it is asked", () => {
    expect(run(...talking, timer("idle"), clientLeft)).toEqual({ kind: "away" });
    expect(run(...talking, timer("idle"), timer("idleAnswer"), clientLeft)).toEqual({ kind: "away" });
  });

  it("lets the bot finish its sentence, but not wait for silence that is there, nor for nobody", () => {
    expect(run(...talking, finish)).toEqual({ kind: "finishing", reason: "stopped" });
    for (const event of [botSilent, timer("finish"), clientLeft]) {
      expect(run(...talking, finish, event)).toEqual({ kind: "ended", reason: "stopped" });
    }
    expect(run(...talking, { ...finish, speaking: false })).toEqual({ kind: "ended", reason: "stopped" });
    expect(run(...talking, finish, { kind: "end", reason: "expired" })).toEqual({
      kind: "ended",
      reason: "expired",
    });
  });

  it("gives a client that does not say client-ready a second cue, and then talks with it all the same", () => {
    const meeting = [roomReady, opened, joined, clientJoined];
    expect(run(...meeting, timer("readyOverdue"))).toEqual({ kind: "meeting", republished: true });
    expect(run(...meeting, timer("readyOverdue"), timer("noHandshake"))).toEqual({ kind: "talking" });
    expect(run(...meeting, timer("readyOverdue"), clientLeft)).toEqual({
      kind: "ended",
      reason: "client_left",
    });
  });

  describe("of a bot that takes over", () => {
    const known = (clientPresent: boolean): BotEvent => ({
      kind: "joined",
      clientPresent,
      clientKnown: true,
    });
    const relieving = (...events: BotEvent[]) => events.reduce(nextState, RELIEVING);

    it("talks at once with a client that was ready before, or waits for it to come back", () => {
      expect(run(roomReady, opened, known(true)).kind).toBe("talking");
      expect(run(roomReady, opened, known(false)).kind).toBe("away");
      expect(run(roomReady, opened, known(false), clientJoined).kind).toBe("talking");
    });

    it("does not join before it is told, where another bot is to leave first", () => {
      expect(timersOf(RELIEVING)).not.toContain("blindJoin");
      const waiting = relieving(opened);
      expect(waiting.kind).toBe("waiting");
      expect(timersOf(waiting)).not.toContain("blindJoin");
      expect(nextState(waiting, { kind: "room-lost" })).toEqual(RELIEVING);
      expect(relieving(opened, roomReady).kind).toBe("joining");
      expect(relieving(roomReady, opened).kind).toBe("joining");
    });
  });

  describe("of a bot that hands over", () => {
    const handOver = (free: boolean): BotEvent => ({ kind: "hand-over", free });
    const HANDED_OVER = { kind: "ended", reason: "stopped", handedOver: true };

    it("waits for a pause, but not for ever, and not for anybody who is not there", () => {
      expect(run(...talking, handOver(true))).toEqual(HANDED_OVER);
      const yielding = run(...talking, handOver(false));
      expect(yielding).toEqual({ kind: "yielding" });
      expect(nextState(yielding, handOver(true))).toBe(yielding);
      for (const event of [{ kind: "pause" }, timer("yield"), clientLeft, { kind: "room-lost" }] as const) {
        expect(nextState(yielding, event)).toEqual(HANDED_OVER);
      }
      expect(run(...talking, clientLeft, handOver(false))).toEqual(HANDED_OVER);
      expect(run(roomReady, opened, joined, handOver(false))).toEqual(HANDED_OVER);
    });

    it("is not relieved of saying goodbye", () => {
      const finishing = run(...talking, finish);
      expect(nextState(finishing, handOver(true))).toBe(finishing);
      const parting = run(...talking, timer("idle"), timer("idleAnswer"));
      expect(nextState(parting, handOver(false))).toBe(parting);
    });
  });

  /** A small generator, so that a failing sequence can be run again by its seed. */
  function random(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  it("always has a way to its end: expiry runs in every state, and every timer that runs is heeded", () => {
    const events = [
      roomReady,
      opened,
      joined,
      clientJoined,
      clientReady,
      clientLeft,
      noRoom,
      userSpoke,
      finish,
      { kind: "hand-over", free: false } as const,
      ...(["blindJoin", "joinRetry", "readyOverdue", "noHandshake", "idle", "idleAnswer"] as const).map(
        timer,
      ),
    ];
    for (let seed = 1; seed <= 500; seed += 1) {
      const next = random(seed);
      let state: BotState = INITIAL;
      for (let step = 0; step < 40 && state.kind !== "ended"; step += 1) {
        expect(timersOf(state), `seed ${seed}`).toContain("expiry");
        // What is said in the last minute changes nothing.
        for (const name of timersOf(state).filter((one) => one !== "lastMinute"))
          expect(nextState(state, timer(name)), `seed ${seed}`).not.toBe(state);
        state = nextState(state, events[Math.floor(next() * events.length)] ?? roomReady);
      }
    }
    expect(timersOf({ kind: "ended", reason: "idle" })).toEqual([]);
  });
});
