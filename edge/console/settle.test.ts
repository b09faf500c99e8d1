import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SessionView } from "../../protocol/session.ts";
import { FailureError } from "./failure.ts";
import { settle } from "./settle.ts";

const base: SessionView = {
  sessionId: "s1",
  state: "active",
  room: { url: "https://x.daily.co/r", name: "r" },
  language: "en-US",
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T01:00:00.000Z",
  bot: { attempt: 1 },
  timeline: {},
  transcript: [],
  usage: { promptTokens: 0, responseTokens: 0, totalTokens: 0 },
};
const over: SessionView = {
  ...base,
  state: "failed",
  reason: "gemini_failed",
  endedAt: "2026-01-01T00:00:42.000Z",
};
const outcome = { kind: "known", state: "failed", reason: "gemini_failed", durationMs: 42_000 };

function fakeApi(views: SessionView[]) {
  const calls: string[] = [];
  return {
    calls,
    stop: async () => {
      calls.push("stop");
      return { sessionId: "s1", state: "completed" as const };
    },
    session: async () => {
      calls.push("read");
      return views[Math.min(calls.filter((call) => call === "read").length, views.length) - 1] ?? base;
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  // Nothing may still be waiting once the outcome is known.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("settle", () => {
  it("stops a session that this side ended, then reads what became of it", async () => {
    const api = fakeApi([over]);
    expect(await settle({ api, sessionId: "s1", stop: true })).toEqual(outcome);
    expect(api.calls).toEqual(["stop", "read"]);
  });

  it("waits for longer while another assistant is looked for", async () => {
    const recovering: SessionView = { ...base, state: "recovering" };
    const api = fakeApi([base, ...Array.from({ length: 20 }, () => recovering), over]);
    const settled = settle({ api, sessionId: "s1", stop: false });
    await vi.runAllTimersAsync();
    expect(await settled).toEqual(outcome);
    expect(api.calls).not.toContain("stop");
  });

  it("lets the service find out why an assistant left, without hiding it by a stop", async () => {
    const api = fakeApi([base, base, over]);
    const settled = settle({ api, sessionId: "s1", stop: false });
    await vi.runAllTimersAsync();
    expect(await settled).toEqual(outcome);
    expect(api.calls).toEqual(["read", "read", "read"]);
  });

  it("stops a session that goes on without anybody", async () => {
    const api = fakeApi([base]);
    const settled = settle({ api, sessionId: "s1", stop: false });
    await vi.runAllTimersAsync();
    expect(await settled).toMatchObject({ kind: "known", state: "active" });
    expect(api.calls.filter((call) => call === "read")).toHaveLength(9);
    expect(api.calls.slice(-2)).toEqual(["stop", "read"]);
  });

  it("says so when the service cannot be asked", async () => {
    const session = () => Promise.reject(new FailureError({ kind: "unreachable" }));
    const settled = settle({ api: { ...fakeApi([]), session }, sessionId: "s1", stop: false });
    await vi.runAllTimersAsync();
    expect(await settled).toEqual({ kind: "unknown", failure: { kind: "unreachable" } });
  });

  it("asks and stops again when the network that ended the call comes back", async () => {
    const api = fakeApi([over]);
    let away = 3;
    const throughNetwork =
      <Answer>(request: () => Promise<Answer>) =>
      () =>
        away-- > 0 ? Promise.reject(new FailureError({ kind: "unreachable" })) : request();
    const [stop, session] = [throughNetwork(api.stop), throughNetwork(api.session)];
    const settled = settle({ api: { stop, session }, sessionId: "s1", stop: true });
    await vi.runAllTimersAsync();
    expect(await settled).toEqual(outcome);
    expect(api.calls).toEqual(["stop", "read"]);
  });

  it("does not ask again what the service has refused", async () => {
    const failure = { kind: "refused", status: 404, detail: "" } as const;
    const session = vi.fn(() => Promise.reject(new FailureError(failure)));
    expect(await settle({ api: { ...fakeApi([]), session }, sessionId: "s1", stop: false })).toEqual({
      kind: "unknown",
      failure,
    });
    expect(session).toHaveBeenCalledOnce();
  });
});
