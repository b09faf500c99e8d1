import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { StartSignal } from "../../protocol/bot-host.ts";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { LINK_PING, LINK_PONG, LinkClose } from "../../protocol/link.ts";
import type { StartReply } from "../../protocol/session.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get, post, problemOf, startSession, viewOf as view } from "../testing/edge-client.ts";
import { held, refuse, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";
import { askForLink, openLink } from "../testing/test-link.ts";
import { signLinkToken } from "./link-token.ts";
import { SessionStore } from "./store.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const passTime = usePassingTime();

async function started(): Promise<{ reply: StartReply; signal: StartSignal }> {
  const reply = await startSession();
  const signal = fakes.signals().at(-1);
  if (!signal) throw new Error("the host was not signalled");
  return { reply, signal };
}

function said(text: string) {
  return { kind: "transcript", entry: { role: "user", text, at: new Date().toISOString() } } as const;
}

describe("opening", () => {
  test("a bot hears at once that the room is there", async () => {
    const { signal } = await started();
    const link = await openLink(signal);
    await link.untilCommand({ type: "room-ready" });
  });

  test("a link that is open before the room hears it when it is", async () => {
    const room = held(() => Response.json({}));
    fakes.dailyAnswers.push(room.answer);
    const starting = startSession();
    const signal = await vi.waitUntil(() => fakes.signals()[0]);
    const link = await openLink(signal);
    link.send(LINK_PING);
    await vi.waitFor(() => expect(link.texts).toEqual([LINK_PONG]));
    expect(link.commands).toEqual([]);
    room.release();
    await link.untilCommand({ type: "room-ready" });
    await starting;
    expect(fakes.daily).toHaveLength(1);
  });

  test.each([
    ["no token", () => undefined],
    ["nonsense", () => "nonsense"],
    ["the bot's meeting token", (signal: StartSignal) => signal.token],
    ["a token with another end", (signal: StartSignal) => `${signal.link.token.slice(0, -4)}AAAA`],
  ])("%s is 401", async (_, tokenOf) => {
    const { signal } = await started();
    const response = await askForLink(signal.sessionId, tokenOf(signal));
    expect(response.status).toBe(401);
    expect(await problemOf(response)).toMatchObject({ code: "unauthorized" });
  });

  test("a token of another session is 401", async () => {
    const first = await started();
    const second = await started();
    expect((await askForLink(first.signal.sessionId, second.signal.link.token)).status).toBe(401);
  });

  test("an expired token is 401", async () => {
    const { signal } = await started();
    const { sessionId } = signal;
    const token = await signLinkToken(DEV_SIGNING_KEY, {
      sessionId,
      attempt: 1,
      expiresAt: Date.now() - 120_000,
    });
    expect((await askForLink(sessionId, token)).status).toBe(401);
  });

  test("without an upgrade it is 426", async () => {
    const { signal } = await started();
    const response = await get(`/internal/sessions/${signal.sessionId}/bot`);
    expect(response.status).toBe(426);
    expect(await problemOf(response)).toMatchObject({ code: "upgrade_required" });
  });

  test("another attempt than the session's is closed as outdated, whatever headers it sends", async () => {
    const { signal } = await started();
    const { sessionId } = signal;
    const token = await signLinkToken(DEV_SIGNING_KEY, {
      sessionId,
      attempt: 7,
      expiresAt: Date.now() + 60_000,
    });
    const link = await openLink({ sessionId, link: { url: signal.link.url, token } });
    expect((await link.untilClosed()).code).toBe(LinkClose.outdated);
    expect(link.commands).toEqual([]);
  });

  test("a newer link replaces the older, whose close is nobody's loss", async () => {
    const { signal } = await started();
    const older = await openLink(signal);
    const newer = await openLink(signal);
    expect((await older.untilClosed()).code).toBe(1000);
    await newer.reported(1, said("hello"));
    await passTime(signal.sessionId, 25_000);
    expect((await view(signal.sessionId)).state).toBe("starting");
    expect(newer.closed).toBeUndefined();
  });
});

describe("a bot that closes its link", () => {
  test("is answered, and need not give the connection up as broken", async () => {
    const { signal } = await started();
    const link = await openLink(signal);
    link.close();
    expect((await link.untilClosed()).code).toBe(1000);
  });

  test("because its message was refused is replaced, since it must not come back", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    link.send("{");
    expect((await link.untilClosed()).code).toBe(LinkClose.invalid);
    await vi.waitFor(() =>
      expect(logs.lines).toContainEqual(expect.objectContaining({ event: "link.closed" })),
    );
    await passTime(reply.sessionId, 3_500);
    expect(await view(reply.sessionId)).toMatchObject({ state: "recovering", bot: { attempt: 2 } });
  });
});

describe("reports", () => {
  test("botJoined makes the session active; marks count from the start", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await link.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
    await link.reported(2, { kind: "mark", mark: "clientJoined", at: 0 });
    await link.reported(3, { kind: "mark", mark: "clientReady", at: Date.now() + 3_600_000 });
    const { state, timeline, createdAt } = await view(reply.sessionId);
    expect(state).toBe("active");
    expect(timeline.botJoined).toBeGreaterThanOrEqual(0);
    // A clock that is wrong cannot put a mark before the start or into the future.
    expect(timeline.clientJoined).toBe(0);
    expect(timeline.clientReady).toBeLessThanOrEqual(Date.now() - Date.parse(createdAt));
  });

  test("transcript and usage are kept, each report once", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await link.reported(1, said("hello"));
    await link.reported(2, { kind: "usage", usage: { promptTokens: 1, responseTokens: 2, totalTokens: 3 } });
    link.report(1, said("hello"));
    link.report(2, said("a replay under another number's name"));
    await link.reported(3, said("again"));
    const { transcript, usage } = await view(reply.sessionId);
    expect(transcript.map(({ seq, text }) => [seq, text])).toEqual([
      [0, "hello"],
      [1, "again"],
    ]);
    expect(usage.totalTokens).toBe(3);
    expect(link.commands.filter(({ type }) => type === "ack")).toEqual(
      [1, 2, 2, 2, 3].map((seq) => ({ type: "ack", seq })),
    );
  });

  test("the turns of a conversation are told when its bot has counted them", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    expect(await view(reply.sessionId)).not.toHaveProperty("turns");
    const turns = { count: 12, interrupted: 3, medianResponseMs: 740, muteSteps: { nudge: 2, told: 1 } };
    await link.reported(1, { kind: "turns", turns });
    expect((await view(reply.sessionId)).turns).toEqual(turns);
  });

  test("what was not acknowledged comes again over the next link and still counts once", async () => {
    const { reply, signal } = await started();
    const first = await openLink(signal);
    await first.reported(1, said("one"));
    first.close();
    const second = await openLink(signal);
    second.report(1, said("one"));
    await second.reported(2, said("two"));
    expect((await view(reply.sessionId)).transcript.map(({ text }) => text)).toEqual(["one", "two"]);
  });

  test("a link that was replaced is not heard: a late report of it would pass over those before it", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await link.reported(1, said("one"));
    await runInDurableObject(env.SESSIONS.getByName(reply.sessionId), (_, { storage }) => {
      const store = new SessionStore(storage.kv);
      const record = store.read();
      if (!record) throw new Error("no record");
      store.write({ ...record, bot: { ...record.bot, link: { kind: "open", id: 99, heardAt: Date.now() } } });
    });
    link.report(5, said("five"));
    link.send(LINK_PING);
    await vi.waitFor(() => expect(link.texts).toEqual([LINK_PONG]));
    const { transcript } = await view(reply.sessionId);
    expect(transcript.map(({ text }) => text)).toEqual(["one"]);
    expect(link.commands).not.toContainEqual({ type: "ack", seq: 5 });
  });

  test("state and link survive hibernation", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await link.reported(1, said("before"));
    await evictDurableObject(env.SESSIONS.getByName(reply.sessionId));
    link.report(1, said("before"));
    await link.reported(2, said("after"));
    expect((await view(reply.sessionId)).transcript.map(({ text }) => text)).toEqual(["before", "after"]);
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    await link.untilCommand({ type: "stop", reason: "stopped" });
  });

  test("a ping is answered, and is no report", async () => {
    const { signal } = await started();
    const link = await openLink(signal);
    link.send(LINK_PING);
    await vi.waitFor(() => expect(link.texts).toEqual([LINK_PONG]));
  });

  test.each([
    ["not JSON", "{"],
    ["not a report", JSON.stringify({ type: "ack", seq: 1 })],
    [
      "a mark of ours",
      JSON.stringify({ type: "report", seq: 1, report: { kind: "mark", mark: "ended", at: 1 } }),
    ],
    ["a number that is none", JSON.stringify({ type: "report", seq: 0, report: said("x") })],
    ["too large", JSON.stringify({ type: "report", seq: 1, report: said("x".repeat(70_000)) })],
    ["binary", new ArrayBuffer(4)],
  ])("a message that is %s closes the link", async (_, message) => {
    const { signal } = await started();
    const link = await openLink(signal);
    link.send(message);
    expect((await link.untilClosed()).code).toBe(LinkClose.invalid);
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "link.message_refused" }));
  });

  test("what was said is in no log", async () => {
    const { signal } = await started();
    const link = await openLink(signal);
    await link.reported(1, said("a confidence"));
    expect(logs.text()).not.toContain("a confidence");
  });
});

describe("the end", () => {
  test.each([
    ["idle", "completed"],
    ["client_left", "completed"],
    ["gemini_failed", "failed"],
  ] as const)(
    "a bot that ended by %s leaves a session %s, and nobody tells it to stop",
    async (reason, state) => {
      const { reply, signal } = await started();
      const link = await openLink(signal);
      await link.reported(1, { kind: "ended", reason });
      expect((await link.untilClosed()).code).toBe(LinkClose.ended);
      expect(await view(reply.sessionId)).toMatchObject({ state, reason });
      await passTime(reply.sessionId, 6_000);
      await vi.waitFor(() => expect(fakes.daily.at(-1)?.method).toBe("DELETE"));
      expect(fakes.host.filter(({ method }) => method === "DELETE")).toEqual([]);
      expect(link.commands.filter(({ type }) => type === "stop")).toEqual([]);
    },
  );

  test("stop reaches the bot over its link, which stays open for the last words and is closed then", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    await link.untilCommand({ type: "stop", reason: "stopped" });
    await link.reported(1, said("good bye"));
    await link.reported(2, { kind: "ended", reason: "client_left" });
    expect((await link.untilClosed()).code).toBe(LinkClose.ended);
    const ended = await view(reply.sessionId);
    expect(ended).toMatchObject({ state: "completed", reason: "stopped" });
    expect(ended.transcript.map(({ text }) => text)).toEqual(["good bye"]);
  });

  test("a bot that says nothing more has its link closed all the same", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    await link.untilCommand({ type: "stop", reason: "stopped" });
    await passTime(reply.sessionId, 2_500);
    expect((await link.untilClosed()).code).toBe(LinkClose.ended);
  });

  test("a bot that comes back after the end is told so and closed", async () => {
    const { reply, signal } = await started();
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    const link = await openLink(signal);
    await link.untilCommand({ type: "stop", reason: "stopped" });
    expect((await link.untilClosed()).code).toBe(LinkClose.ended);
  });

  test("a start that Daily fails tells the bot over the link too", async () => {
    const refusal = held(refuse(401));
    fakes.dailyAnswers.push(refusal.answer);
    const starting = post("/api/rtvi/start");
    const signal = await vi.waitUntil(() => fakes.signals()[0]);
    const link = await openLink(signal);
    refusal.release();
    expect((await starting).status).toBe(502);
    await link.untilCommand({ type: "stop", reason: "daily_failed" });
    expect(link.commands).not.toContainEqual({ type: "room-ready" });
  });
});

describe("losing the link", () => {
  test("is not losing the session, if the bot comes back in time", async () => {
    const { reply, signal } = await started();
    const first = await openLink(signal);
    await first.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
    first.close();
    await vi.waitFor(() =>
      expect(logs.lines).toContainEqual(expect.objectContaining({ event: "link.closed" })),
    );
    const second = await openLink(signal);
    await passTime(reply.sessionId, 10_000);
    expect((await view(reply.sessionId)).state).toBe("active");
    await second.reported(2, said("still here"));
  });

  test("for longer than the grace is losing the bot: its host is told, and another takes over", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await link.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
    link.close();
    await vi.waitFor(() =>
      expect(logs.lines).toContainEqual(expect.objectContaining({ event: "link.closed" })),
    );
    expect((await view(reply.sessionId)).state).toBe("active");
    await passTime(reply.sessionId, 3_500);
    expect(await view(reply.sessionId)).toMatchObject({ state: "recovering", bot: { attempt: 2 } });
    await vi.waitFor(() => expect(fakes.host.some(({ method }) => method === "DELETE")).toBe(true));
    await vi.waitFor(() => expect(fakes.signals().at(-1)?.attempt).toBe(2));
  });

  test("without an event, as when the object is reset, is noticed by the alarm", async () => {
    const { reply, signal } = await started();
    const link = await openLink(signal);
    await link.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
    await evictDurableObject(env.SESSIONS.getByName(reply.sessionId), { webSockets: "close" });
    await passTime(reply.sessionId, 1);
    await passTime(reply.sessionId, 3_500);
    expect(await view(reply.sessionId)).toMatchObject({ state: "recovering", bot: { attempt: 2 } });
  });
});
