import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FromPage } from "../bridge/control.ts";
import type { AudioGraph } from "./audio-graph.ts";
import type { Call, CallContext } from "./call.ts";
import { PageCalls } from "./page-calls.ts";

/** The page's calls without a page: a call is made when the test says so. */

interface MadeCall {
  context: CallContext | undefined;
  closed: boolean;
}

let told: FromPage[];
let slots: Map<number, number>;
let made: MadeCall[];
/** Lets one waiting preparation succeed. */
let prepare: (() => void)[];
let failsToOpen: boolean;
let hangsOnOpen: boolean;
let calls: PageCalls;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  slots = new Map();
  made = [];
  prepare = [];
  failsToOpen = false;
  hangsOnOpen = false;
  const graph: Pick<AudioGraph, "open" | "close"> = {
    open: async (slot, call) => {
      expect(slots.has(slot)).toBe(false);
      slots.set(slot, call);
      if (failsToOpen) throw new Error("no such output");
      if (hangsOnOpen) await new Promise(() => {});
    },
    close: (slot) => {
      expect(slots.delete(slot)).toBe(true);
    },
  };
  calls = new PageCalls({
    // Only what it uses of the graph; the rest goes to the calls, which are not real.
    graph: graph as AudioGraph,
    slots: 2,
    maker: {
      prepare: async () => {
        await new Promise<void>((resolve) => prepare.push(resolve));
        return makeCall();
      },
    },
    tell: (message) => {
      // As the host does: what it cannot parse is lost.
      told.push(FromPage.parse(message));
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function makeCall(): Call {
  const one: MadeCall = { context: undefined, closed: false };
  made.push(one);
  return {
    // Never looked at here.
    output: {} as AudioNode,
    attach: (context) => {
      one.context = context;
    },
    join: async () => {
      throw new Error("x".repeat(5_000));
    },
    send: () => {},
    republish: () => {},
    close: async () => {
      one.closed = true;
    },
  };
}

/** Lets what waits be prepared, and what follows from it happen. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) {
    for (const ready of prepare.splice(0)) ready();
    await vi.advanceTimersByTimeAsync(0);
  }
}

function toldOf(call: number): string[] {
  return told.flatMap((message) => ("call" in message && message.call === call ? [message.type] : []));
}

it("opens, closes, and says so", async () => {
  calls.obey({ type: "open", call: 1 });
  await settle();
  expect(toldOf(1)).toEqual(["opened"]);
  calls.obey({ type: "close", call: 1 });
  await settle();
  expect(toldOf(1)).toEqual(["opened", "closed"]);
  expect(made[0]?.closed).toBe(true);
  expect(slots.size).toBe(0);
});

it("closes a call that was given up while it was being prepared, and frees its slot then", async () => {
  calls.obey({ type: "open", call: 1 });
  calls.obey({ type: "close", call: 1 });
  await vi.advanceTimersByTimeAsync(0);
  expect(toldOf(1)).toEqual([]);
  await settle();
  expect(toldOf(1).at(-1)).toBe("closed");
  expect(made[0]?.closed).toBe(true);
  expect(slots.size).toBe(0);
  for (const call of [2, 3]) calls.obey({ type: "open", call });
  await settle();
  expect([...slots.values()]).toEqual([2, 3]);
});

it("keeps the slot of a call that did not open until it is closed, and closes nobody else's", async () => {
  failsToOpen = true;
  calls.obey({ type: "open", call: 1 });
  await settle();
  expect(toldOf(1)).toEqual(["open-failed"]);
  expect(made[0]?.closed).toBe(true);
  failsToOpen = false;
  for (const call of [2, 3]) calls.obey({ type: "open", call });
  await settle();
  expect(toldOf(2)).toEqual(["opened"]);
  expect(toldOf(3)).toEqual(["open-failed"]);
  calls.obey({ type: "close", call: 1 });
  await settle();
  expect(toldOf(1)).toEqual(["open-failed", "closed"]);
  expect([...slots.values()]).toEqual([2]);
  calls.obey({ type: "open", call: 4 });
  await settle();
  expect(toldOf(4)).toEqual(["opened"]);
});

it("does not wait for ever for a call that never loads, and closes one that comes after all", async () => {
  calls.obey({ type: "open", call: 1 });
  // One try was under way before it was asked for, and one follows.
  await vi.advanceTimersByTimeAsync(18_000);
  expect(toldOf(1)).toEqual(["open-failed"]);
  calls.obey({ type: "close", call: 1 });
  await vi.advanceTimersByTimeAsync(0);
  expect(toldOf(1)).toEqual(["open-failed", "closed"]);
  await settle();
  // Two of the first call, and the one that is kept ahead of need.
  expect(made.map(({ closed }) => closed)).toEqual([true, true, false]);
  for (const call of [2, 3]) calls.obey({ type: "open", call });
  await settle();
  expect([...slots.values()]).toEqual([2, 3]);
});

it("does not wait for ever for an audio thread that does not answer, and has the slot again", async () => {
  hangsOnOpen = true;
  calls.obey({ type: "open", call: 1 });
  await settle();
  expect([...slots.values()]).toEqual([1]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(toldOf(1)).toEqual(["open-failed"]);
  expect(slots.size).toBe(0);
  expect(made[0]?.closed).toBe(true);
  hangsOnOpen = false;
  calls.obey({ type: "close", call: 1 });
  await settle();
  for (const call of [2, 3]) calls.obey({ type: "open", call });
  await settle();
  expect([...slots.values()]).toEqual([2, 3]);
});

it("tells the host nothing that it would refuse, however long Daily's words are", async () => {
  calls.obey({ type: "open", call: 1 });
  await settle();
  const long = "y".repeat(5_000);
  const events = made[0]?.context?.events;
  events?.participantJoined({ id: "p", userId: long, userName: long });
  events?.participantLeft({ id: "p", userId: long, userName: long });
  events?.ended(long, long);
  calls.obey({ type: "join", call: 1, url: "https://x.daily.co/r", token: "t", userName: "Bot" });
  await settle();
  expect(toldOf(1)).toEqual(["opened", "participant-joined", "participant-left", "ended", "ended"]);
});

it("puts no meeting token into the reason of an end", async () => {
  calls.obey({ type: "open", call: 1 });
  await settle();
  made[0]?.context?.events.ended(
    "connection-error",
    "wss://x.daily.co/?t=eyJhbGciOiJIUzI1NiJ9.eyJyIjoiZGVtbyJ9.c2ln",
  );
  expect(JSON.stringify(told)).not.toContain("eyJ");
});

it("closes all at once, also what is not open yet", async () => {
  for (const call of [1, 2]) calls.obey({ type: "open", call });
  await settle();
  calls.obey({ type: "close", call: 1 });
  const done = calls.closeAll();
  await settle();
  await done;
  expect(slots.size).toBe(0);
  expect(made.every(({ closed }) => closed)).toBe(true);
});
