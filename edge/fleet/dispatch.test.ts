import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StartSignal } from "../../protocol/bot-host.ts";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { refuse, silence, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import type { BotHost, HostStart } from "./bot-host.ts";
import { dispatch, HOST_BUDGET_MS } from "./dispatch.ts";
import { UrlBotHost } from "./url-bot-host.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const signal: StartSignal = {
  sessionId: "s",
  attempt: 1,
  room: { url: "https://example.daily.co/r", name: "r" },
  token: "meeting-token",
  botName: "Bot",
  language: "en-US",
  user: {},
  metadata: {},
  expiresAt: "2030-01-01T00:00:00.000Z",
  link: { url: "wss://edge.example/internal/sessions/s/bot", token: "link-token" },
};

const accepted: HostStart = { kind: "accepted", load: { active: 1, capacity: 8 } };
const unsure: HostStart = { kind: "unsure", why: "timeout" };

/** A host that answers as scripted, and notes that it was asked. */
function host(id: string, asked: string[], ...answers: HostStart[]): BotHost {
  return {
    id,
    start: async () => {
      asked.push(id);
      return answers.shift() ?? accepted;
    },
    stop: async () => ({ kind: "stopped" }),
    health: async () => ({ kind: "failed", why: "not asked here" }),
  };
}

describe("dispatch", () => {
  const first = () => 0;

  test("one host that accepts is asked once", async () => {
    const asked: string[] = [];
    expect(await dispatch([host("a", asked)], signal)).toEqual({ kind: "accepted", hostId: "a" });
    expect(asked).toEqual(["a"]);
  });

  test("a host that is full is passed over for another", async () => {
    const asked: string[] = [];
    const hosts = [host("a", asked, { kind: "full" }), host("b", asked)];
    expect(await dispatch(hosts, signal, first)).toEqual({ kind: "accepted", hostId: "b" });
    expect(asked).toEqual(["a", "b"]);
  });

  test("a host that did not answer is asked again itself: another could give the call two bots", async () => {
    const asked: string[] = [];
    const hosts = [host("a", asked, unsure), host("b", asked)];
    expect(await dispatch(hosts, signal, first)).toEqual({ kind: "accepted", hostId: "a" });
    expect(asked).toEqual(["a", "a"]);
  });

  test("two tries are all, and a host that may run a bot is named", async () => {
    const asked: string[] = [];
    expect(await dispatch([host("a", asked, unsure, unsure)], signal)).toEqual({
      kind: "none",
      unsureHostId: "a",
    });
    expect(asked).toEqual(["a", "a"]);
  });

  test("a clear no after a lost answer means that no bot runs there", async () => {
    const asked: string[] = [];
    expect(await dispatch([host("a", asked, unsure, { kind: "full" })], signal)).toEqual({ kind: "none" });
  });

  test("the only host being full, nobody is asked twice", async () => {
    const asked: string[] = [];
    expect(await dispatch([host("a", asked, { kind: "full" })], signal)).toEqual({ kind: "none" });
    expect(asked).toEqual(["a"]);
  });

  test("silence is waited for no longer than the budget", async () => {
    fakes.hostAnswers.push(silence, silence);
    const before = Date.now();
    const dispatched = dispatch([new UrlBotHost({ url: "http://bots.test", key: DEV_SIGNING_KEY })], signal);
    await vi.waitFor(() => expect(fakes.host).toHaveLength(1));
    await vi.advanceTimersByTimeAsync(HOST_BUDGET_MS);
    await vi.waitFor(() => expect(fakes.host).toHaveLength(2));
    await vi.runAllTimersAsync();
    expect(await dispatched).toEqual({ kind: "none", unsureHostId: "bots.test" });
    expect(Date.now() - before).toBeLessThan(2 * HOST_BUDGET_MS);
  });
});

describe("a host at an address", () => {
  const bots = new UrlBotHost({ url: "http://bots.test/behind/a/path", key: DEV_SIGNING_KEY });

  test.each<[number, unknown, HostStart]>([
    [503, {}, { kind: "full" }],
    [429, {}, { kind: "full" }],
    [401, {}, { kind: "refused", status: 401 }],
    [409, {}, { kind: "refused", status: 409 }],
    [307, {}, { kind: "refused", status: 307 }],
    [500, {}, { kind: "unsure", why: "broken" }],
    [202, { no: "load" }, { kind: "unsure", why: "broken" }],
  ])("an answer %i %j means %j", async (status, body, outcome) => {
    fakes.hostAnswers.push(refuse(status, body));
    expect(await bots.start(signal, 1_000)).toEqual(outcome);
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "host.call_failed", call: "start" }));
    expect(logs.text()).not.toContain("-token");
  });

  test("an answer that is no JSON is broken, a connection that breaks is unreachable", async () => {
    fakes.hostAnswers.push(
      () => new Response("<html>"),
      () => Promise.reject(new TypeError("lost")),
    );
    expect(await bots.start(signal, 1_000)).toEqual({ kind: "unsure", why: "broken" });
    expect(await bots.start(signal, 1_000)).toEqual({ kind: "unsure", why: "unreachable" });
  });

  test("keeps the path before its own, and follows no redirect with the tokens", async () => {
    await bots.start(signal, 1_000);
    await bots.stop({ sessionId: "s", attempt: 2 }, 1_000);
    expect(fakes.host.map(({ redirect }) => redirect)).toEqual(["manual", "manual"]);
    expect(fakes.host.map(({ path }) => path)).toEqual([
      "/behind/a/path/sessions",
      "/behind/a/path/sessions/s?attempt=2",
    ]);
  });

  test("is told from another at the same address by its path", () => {
    const id = (url: string) => new UrlBotHost({ url, key: DEV_SIGNING_KEY }).id;
    expect(["https://bots.test", "https://bots.test/a", "https://bots.test/b"].map(id)).toEqual([
      "bots.test",
      "bots.test/a",
      "bots.test/b",
    ]);
  });

  test("a session that it does not know counts as stopped; anything else does not", async () => {
    fakes.hostAnswers.push(refuse(404), refuse(500));
    expect(await bots.stop({ sessionId: "s", attempt: 1 }, 1_000)).toEqual({ kind: "stopped" });
    expect(await bots.stop({ sessionId: "s", attempt: 1 }, 1_000)).toEqual({
      kind: "failed",
      why: "status 500",
    });
  });
});
