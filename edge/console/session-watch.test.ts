import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { SessionView } from "../../protocol/session.ts";
import { SessionWatch } from "./session-watch.ts";

const view: SessionView = {
  sessionId: "s1",
  state: "active",
  room: { url: "https://x.daily.co/r", name: "r" },
  language: "en-US",
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T01:00:00.000Z",
  bot: { attempt: 1 },
  timeline: { room: 50 },
  transcript: [],
  usage: { promptTokens: 0, responseTokens: 0, totalTokens: 0 },
};
const complete: SessionView = { ...view, timeline: { room: 50, firstBotAudio: 900 } };

function watch(read: () => Promise<SessionView>) {
  const session = vi.fn(read);
  const seen = vi.fn();
  return { session, seen, watch: new SessionWatch({ api: { session }, sessionId: "s1", seen }) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("reads until the first audio is there, then only when something happened", async () => {
  const answers = [view, view, complete];
  const made = watch(async () => answers.shift() ?? complete);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(made.session).toHaveBeenCalledTimes(3);
  made.watch.nudge();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(made.session).toHaveBeenCalledTimes(4);
  expect(made.seen).toHaveBeenLastCalledWith(complete);
  expect(vi.getTimerCount()).toBe(0);
});

it("asks one thing at a time, however often it is nudged", async () => {
  const reply = Promise.withResolvers<SessionView>();
  const made = watch(() => reply.promise);
  for (let i = 0; i < 10; i++) made.watch.nudge();
  expect(made.session).toHaveBeenCalledTimes(1);
  reply.resolve(complete);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(made.session).toHaveBeenCalledTimes(2);
});

it("gives up on a record that stays incomplete or cannot be read", async () => {
  const made = watch(() => Promise.reject(new Error("away")));
  await vi.advanceTimersByTimeAsync(600_000);
  expect(made.session).toHaveBeenCalledTimes(20);
  expect(made.seen).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

it("is silent and without a timer once closed", async () => {
  const reply = Promise.withResolvers<SessionView>();
  const made = watch(() => reply.promise);
  made.watch.close();
  reply.resolve(view);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(made.seen).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
