import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Fault, Faults } from "./faults.ts";

let faults: Faults;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  faults = new Faults();
});
afterEach(() => void vi.useRealTimers());

const inflict = (fault: unknown) => faults.inflict(Fault.parse(fault));

test("nothing goes wrong by itself", () => {
  expect(faults.ghostMs).toBe(0);
  expect(faults.roomLateMs).toBe(0);
  expect(faults.refusesSignalling).toBe(false);
  expect(faults.dropsAppMessage()).toBe(false);
  expect(faults.takeRest()).toBe(undefined);
});

test("ghosts and late rooms last until they are set anew", () => {
  inflict({ fault: "ghost", ms: 5_000 });
  inflict({ fault: "roomLate", ms: 300 });
  vi.advanceTimersByTime(1_000_000);
  expect([faults.ghostMs, faults.roomLateMs]).toEqual([5_000, 300]);
  inflict({ fault: "ghost", ms: 0 });
  expect([faults.ghostMs, faults.roomLateMs]).toEqual([0, 300]);
});

test("so many app messages vanish, and no more", () => {
  inflict({ fault: "dropAppMessages", count: 2 });
  expect([1, 2, 3].map(() => faults.dropsAppMessage())).toEqual([true, true, false]);
});

test("so many joins are refused as outdated, and no more", () => {
  inflict({ fault: "endOfLife" });
  expect([1, 2].map(() => faults.refusesAsOutdated())).toEqual([true, false]);
  inflict({ fault: "endOfLife", count: 5 });
  faults.clear();
  expect(faults.refusesAsOutdated()).toBe(false);
});

test("REST faults are used up in their order, each as often as it says", () => {
  inflict({ fault: "rest", status: 429, count: 2 });
  inflict({ fault: "rest", delayMs: 50 });
  inflict({ fault: "rest", status: 503, delayMs: 5 });
  expect([1, 2, 3, 4, 5].map(() => faults.takeRest())).toEqual([
    { status: 429 },
    { status: 429 },
    { delayMs: 50 },
    { status: 503, delayMs: 5 },
    undefined,
  ]);
});

test("a cut is heard by those who listen, once each, and new sockets are refused for so long", () => {
  const [stays, goes] = [vi.fn(), vi.fn()];
  faults.onSignallingCut(stays);
  faults.onSignallingCut(goes)[Symbol.dispose]();
  inflict({ fault: "dropSignalling", ms: 100 });
  expect(stays).toHaveBeenCalledOnce();
  expect(goes).not.toHaveBeenCalled();
  vi.advanceTimersByTime(99);
  expect(faults.refusesSignalling).toBe(true);
  vi.advanceTimersByTime(1);
  expect(faults.refusesSignalling).toBe(false);
});

test("a cut without a time refuses nobody", () => {
  inflict({ fault: "dropSignalling" });
  expect(faults.refusesSignalling).toBe(false);
});

test("who listens may stop listening while the cut is told", () => {
  const subscriptions: Disposable[] = [];
  const heard = vi.fn(() => subscriptions.forEach((each) => void each[Symbol.dispose]()));
  subscriptions.push(faults.onSignallingCut(heard), faults.onSignallingCut(heard));
  inflict({ fault: "dropSignalling" });
  inflict({ fault: "dropSignalling" });
  expect(heard).toHaveBeenCalledTimes(2);
});

test("clearing ends all of it, but for the listening", () => {
  const listener = vi.fn();
  faults.onSignallingCut(listener);
  inflict({ fault: "ghost", ms: 5 });
  inflict({ fault: "roomLate", ms: 5 });
  inflict({ fault: "rest", status: 500 });
  inflict({ fault: "dropAppMessages", count: 5 });
  inflict({ fault: "dropSignalling", ms: 5 });
  faults.clear();
  expect([faults.ghostMs, faults.roomLateMs, faults.refusesSignalling]).toEqual([0, 0, false]);
  expect(faults.dropsAppMessage()).toBe(false);
  expect(faults.takeRest()).toBe(undefined);
  inflict({ fault: "dropSignalling" });
  expect(listener).toHaveBeenCalledTimes(2);
});

test("each clearing is told to those who wait for it, and not to those who come after", () => {
  const before = faults.cleared;
  faults.clear();
  expect([before.aborted, faults.cleared.aborted]).toEqual([true, false]);
});

test("the number of REST faults that wait is bounded", () => {
  for (let n = 0; n < 100; n++) inflict({ fault: "rest", status: 500 });
  expect(() => inflict({ fault: "rest", status: 500 })).toThrow(
    expect.objectContaining({ code: "conflict" }),
  );
  faults.takeRest();
  inflict({ fault: "rest", status: 500 });
});

test.each([
  { fault: "earthquake" },
  { fault: "ghost" },
  { fault: "ghost", ms: -1 },
  { fault: "ghost", ms: 3_600_001 },
  { fault: "ghost", ms: 1, room: "x" },
  { fault: "rest" },
  { fault: "rest", count: 2 },
  { fault: "rest", status: 200 },
  { fault: "rest", status: 600 },
  { fault: "rest", status: 500, count: 0 },
  { fault: "dropAppMessages" },
  { fault: "dropAppMessages", count: 10_001 },
])("%j is no fault", (body) => {
  expect(Fault.safeParse(body).success).toBe(false);
});
