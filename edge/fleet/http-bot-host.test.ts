import { describe, expect, test } from "vitest";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { refuse, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { startSignal } from "../testing/start-signal.ts";
import type { HostStart } from "./bot-host.ts";
import { urlBotHost } from "./url-bot-host.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();

const signal = startSignal();
const hostAt = (url: string) => urlBotHost({ url, region: undefined }, DEV_SIGNING_KEY);

describe("a host at an address", () => {
  const bots = hostAt("http://bots.test/behind/a/path");
  const start = () => bots.start(signal, { timeoutMs: 1_000, wake: { kind: "begin" } });

  test.each<[number, unknown, HostStart]>([
    [503, {}, { kind: "full" }],
    [503, { code: "no_capacity" }, { kind: "full" }],
    [503, { code: "draining" }, { kind: "draining" }],
    [429, { code: "rate_limited" }, { kind: "full" }],
    [401, {}, { kind: "refused", status: 401 }],
    [409, { code: "attempt_outdated" }, { kind: "refused", status: 409 }],
    [307, {}, { kind: "refused", status: 307 }],
    [500, {}, { kind: "unsure", why: "broken" }],
    [202, { no: "load" }, { kind: "unsure", why: "broken" }],
  ])("an answer %i %j means %j", async (status, body, outcome) => {
    fakes.hostAnswers.push(refuse(status, body));
    expect(await start()).toEqual(outcome);
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "host.call_failed", call: "start" }));
    expect(logs.text()).not.toContain("-token");
  });

  test("an answer that is no JSON is broken, a connection that breaks is unreachable", async () => {
    fakes.hostAnswers.push(
      () => new Response("<html>"),
      () => Promise.reject(new TypeError("lost")),
    );
    expect(await start()).toEqual({ kind: "unsure", why: "broken" });
    expect(await start()).toEqual({ kind: "unsure", why: "unreachable" });
  });

  test("keeps the path before its own, and follows no redirect with the tokens", async () => {
    await start();
    await bots.stop({ sessionId: "s", attempt: 2 }, 1_000);
    expect(fakes.host.map(({ redirect }) => redirect)).toEqual(["manual", "manual"]);
    expect(fakes.host.map(({ path }) => path)).toEqual([
      "/behind/a/path/sessions",
      "/behind/a/path/sessions/s?attempt=2",
    ]);
  });

  test("is told nothing of sleep, which it does not know", async () => {
    await start();
    expect(Object.keys(Object.fromEntries(fakes.host[0]?.headers ?? []))).toEqual([
      "authorization",
      "content-type",
    ]);
  });

  test("is told from another at the same address by its path", () => {
    const ids = ["https://bots.test", "https://bots.test/a", "https://bots.test/b"].map(
      (url) => hostAt(url).id,
    );
    expect(ids).toEqual(["bots.test", "bots.test/a", "bots.test/b"]);
  });

  test("a session that it does not know counts as stopped; anything else does not", async () => {
    fakes.hostAnswers.push(refuse(404), refuse(500));
    const session = { sessionId: "s", attempt: 1 };
    expect(await bots.stop(session, 1_000)).toEqual({ kind: "stopped" });
    expect(await bots.stop(session, 1_000)).toEqual({ kind: "failed", why: "status 500" });
  });
});
