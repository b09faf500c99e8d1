import { type Connection, IDLE } from "./connection.ts";
import { WaitTimer } from "./wait-timer.ts";
import { WAIT_LIMITS_MS, type WaitName } from "./waits.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const broken: Connection = { phase: "reconnecting", sessionId: "s", by: "daily", assistant: "here" };

function watched() {
  const over: WaitName[] = [];
  return { over, timer: new WaitTimer((wait) => over.push(wait)) };
}

it("lets a wait go on when something else of the state changes", () => {
  const { over, timer } = watched();
  timer.watch(broken);
  jest.advanceTimersByTime(WAIT_LIMITS_MS.network - 1);
  timer.watch({ ...broken, assistant: "left" });
  jest.advanceTimersByTime(1);
  expect(over).toEqual(["network"]);
});

it("begins anew with every other wait, and stops where nothing is waited for", () => {
  const { over, timer } = watched();
  timer.watch(broken);
  jest.advanceTimersByTime(WAIT_LIMITS_MS.network - 1);
  timer.watch({ phase: "live", sessionId: "s" });
  timer.watch(broken);
  jest.advanceTimersByTime(WAIT_LIMITS_MS.network - 1);
  timer.watch({ ...broken, by: "us" });
  jest.advanceTimersByTime(WAIT_LIMITS_MS.rejoin - 1);
  timer.watch(IDLE);
  jest.advanceTimersByTime(WAIT_LIMITS_MS.device);
  expect(over).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

it("is silent once it was stopped", () => {
  const { over, timer } = watched();
  timer.watch(broken);
  timer.stop();
  jest.advanceTimersByTime(WAIT_LIMITS_MS.network);
  expect(over).toEqual([]);
});
