import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { StartSignal } from "../../protocol/bot-host.ts";
import { DEV_SIGNING_KEY, EMULATED_DAILY } from "../../protocol/development.ts";
import { EVENTS_PING, EVENTS_PONG, EventsClose } from "../../protocol/events.ts";
import type { BotReport } from "../../protocol/link.ts";
import type { StartReply } from "../../protocol/session.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get, post, problemOf, startSession, viewOf as view } from "../testing/edge-client.ts";
import { useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";
import { PATIENCE } from "../testing/patience.ts";
import { openLink, type TestLink } from "../testing/test-link.ts";
import { askForEvents, Watcher, watch } from "../testing/watcher.ts";
import { EventLog } from "./event-log.ts";
import { MAX_SENT_CHARS, MAX_WATCHERS } from "./event-sockets.ts";
import { signEventsTicket } from "./events-ticket.ts";
import { Session } from "./session.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const passTime = usePassingTime();

/** Of a session whose room is made and whose host has accepted: starting, bot, bot, room, dispatched in some order. */
const AFTER_START = 5;

interface Started {
  reply: StartReply;
  url: string;
  signal: StartSignal;
}

async function started(): Promise<Started> {
  const reply = await startSession();
  const signal = fakes.signals().at(-1);
  if (!signal) throw new Error("the host was not signalled");
  return { reply, url: reply.rtvi.wsEndpoint, signal };
}

function said(text: string): BotReport {
  return { kind: "transcript", entry: { role: "user", text, at: new Date().toISOString() } };
}

async function joined(link: TestLink): Promise<void> {
  await link.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
}

function texts({ messages }: Watcher): string[] {
  return messages.flatMap((message) => (message.type === "transcript" ? [message.entry.text] : []));
}

describe("a watcher", () => {
  test("hears all that has happened, in order and numbered from 1, and then what happens", async () => {
    const { url, signal, reply } = await started();
    const watcher = await watch(url);
    await watcher.until(AFTER_START);
    const link = await openLink(signal);
    await joined(link);
    await link.reported(2, said("hello"));
    await link.reported(3, { kind: "usage", usage: { promptTokens: 1, responseTokens: 2, totalTokens: 3 } });
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    await link.reported(4, { kind: "ended", reason: "client_left" });
    expect(await watcher.untilClosed()).toMatchObject({ code: EventsClose.ended });
    const { messages } = watcher;
    expect(watcher.seqs()).toEqual(messages.map((_, index) => index + 1));
    expect(messages.map(({ type }) => type).toSorted()).toEqual(
      [...["bot", "bot"], ...["mark", "mark", "mark", "mark"], ...["state", "state", "state"]]
        .concat(["transcript", "usage"])
        .toSorted(),
    );
    const told = messages.flatMap((message) => (message.type === "state" ? [message] : []));
    expect(told.map(({ state, reason }) => [state, reason])).toEqual([
      ["starting", undefined],
      ["active", undefined],
      ["completed", "stopped"],
    ]);
    expect(messages).toContainEqual(
      expect.objectContaining({ type: "bot", attempt: 1, hostId: "bots.test" }),
    );
    // What was told is what can be seen.
    const seen = await view(reply.sessionId);
    const marks = messages.flatMap((message) =>
      message.type === "mark" ? [[message.name, message.ms]] : [],
    );
    expect(Object.fromEntries(marks)).toEqual(seen.timeline);
    expect(messages.flatMap((message) => (message.type === "transcript" ? [message.entry] : []))).toEqual(
      seen.transcript,
    );
    expect(messages).toContainEqual(expect.objectContaining({ type: "usage", usage: seen.usage }));
  });

  test("is there beside others, who hear the same", async () => {
    const { url, signal } = await started();
    const watchers = await Promise.all([watch(url), watch(url), watch(url, 3)]);
    const link = await openLink(signal);
    await link.reported(1, said("hello"));
    for (const watcher of watchers) {
      await vi.waitUntil(() => texts(watcher).length > 0, PATIENCE);
      expect(texts(watcher)).toEqual(["hello"]);
    }
    expect(watchers[0]?.messages).toEqual(watchers[1]?.messages);
    expect(watchers[2]?.messages).toEqual(watchers[0]?.messages.slice(3));
  });

  test("hears the last words of a bot, which come after the end, before it is let go", async () => {
    const { url, signal, reply } = await started();
    const link = await openLink(signal);
    await joined(link);
    const watcher = await watch(url);
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    await link.untilCommand({ type: "stop", reason: "stopped" });
    expect(watcher.closed).toBeUndefined();
    await link.reported(2, said("good bye"));
    await link.reported(3, { kind: "ended", reason: "client_left" });
    expect((await watcher.untilClosed()).code).toBe(EventsClose.ended);
    expect(texts(watcher)).toEqual(["good bye"]);
  });

  test("hears also what the bot said while its link was being closed", async () => {
    const { url, signal, reply } = await started();
    const link = await openLink(signal);
    await joined(link);
    const watcher = await watch(url);
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    const closing = passTime(reply.sessionId, 2_500);
    // On its way as the link is closed: as many lines as a link takes that hears of it late.
    for (let seq = 2; link.isOpen; seq++) {
      link.report(seq, said(`line ${seq}`));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await closing;
    expect((await watcher.untilClosed()).code).toBe(EventsClose.ended);
    await link.untilClosed();
    const { transcript } = await view(reply.sessionId);
    expect(transcript.length).toBeGreaterThan(0);
    expect(texts(watcher)).toEqual(transcript.map(({ text }) => text));
  });

  test("is let go also when the bot says nothing more", async () => {
    const { url, signal, reply } = await started();
    await joined(await openLink(signal));
    const watcher = await watch(url);
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    await passTime(reply.sessionId, 2_500);
    expect((await watcher.untilClosed()).code).toBe(EventsClose.ended);
  });

  test("who comes after the end hears everything, and is let go at once", async () => {
    const { reply, url } = await started();
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    const watcher = await watch(url);
    expect((await watcher.untilClosed()).code).toBe(EventsClose.ended);
    expect(watcher.messages.at(-1)).toMatchObject({ type: "state", state: "completed", reason: "stopped" });
    const again = await watch(url, watcher.messages.length);
    expect((await again.untilClosed()).code).toBe(EventsClose.ended);
    expect(again.messages).toEqual([]);
  });

  test("of a session that was forgotten is told so", async () => {
    const { reply } = await started();
    const { sessionId } = reply;
    await post(`/api/rtvi/${sessionId}/stop`);
    await vi.waitFor(() => expect(fakes.host.at(-1)?.method).toBe("DELETE"), PATIENCE);
    await passTime(sessionId, 10_000);
    await passTime(sessionId, 60_000);
    await passTime(sessionId, 25 * 3_600_000);
    const ticket = await signEventsTicket(DEV_SIGNING_KEY, { sessionId, expiresAt: Date.now() });
    const watcher = await watch(`ws://edge.test/api/rtvi/${sessionId}/events?ticket=${ticket}`);
    expect((await watcher.untilClosed()).code).toBe(EventsClose.forgotten);
  });

  test("that goes is answered, and is nobody's loss", async () => {
    const { url, signal, reply } = await started();
    const link = await openLink(signal);
    await joined(link);
    const watcher = await watch(url);
    watcher.close();
    expect((await watcher.untilClosed()).code).toBe(1000);
    await passTime(reply.sessionId, 10_000);
    expect((await view(reply.sessionId)).state).toBe("active");
    await link.reported(2, said("still here"));
    expect(logs.lines).not.toContainEqual(expect.objectContaining({ event: "link.closed" }));
  });

  /** Of a socket that both sides have closed by then, the platform knows the tags no longer. */
  test("that goes just as it is let go is nobody's fault", async () => {
    const { url, reply } = await started();
    await post(`/api/rtvi/${reply.sessionId}/stop`);
    const closing = vi.spyOn(Session.prototype, "webSocketClose");
    try {
      const watcher = await watch(url);
      watcher.close();
      await vi.waitUntil(() => closing.mock.results.length > 0, PATIENCE);
      for (const { value } of closing.mock.results) await expect(value).resolves.toBeUndefined();
    } finally {
      closing.mockRestore();
    }
  });

  test("that breaks as it is told keeps nobody from the rest, and comes back for its own", async () => {
    const { url, signal, reply } = await started();
    const link = await openLink(signal);
    const watcher = await watch(url);
    const { send } = WebSocket.prototype;
    const breaking = vi.spyOn(WebSocket.prototype, "send").mockImplementation(function (
      this: WebSocket,
      text: string | ArrayBuffer | ArrayBufferView,
    ) {
      if (String(text).includes('"type":"transcript"')) throw new Error("broken");
      send.call(this, text);
    });
    try {
      await link.reported(1, said("hello"));
    } finally {
      breaking.mockRestore();
    }
    expect((await watcher.untilClosed()).code).toBe(EventsClose.continue);
    expect((await view(reply.sessionId)).transcript).toHaveLength(1);
    const back = await watch(url, watcher.seqs().at(-1) ?? 0);
    await vi.waitFor(() => expect(texts(back)).toEqual(["hello"]), PATIENCE);
  });

  test("does not count as the bot's link, nor is it closed by a new one", async () => {
    const { url, signal, reply } = await started();
    const watcher = await watch(url);
    const link = await openLink(signal);
    link.close();
    await vi.waitFor(() =>
      expect(logs.lines).toContainEqual(expect.objectContaining({ event: "link.closed" })),
    );
    expect(watcher.closed).toBeUndefined();
    await passTime(reply.sessionId, 3_500);
    expect(await view(reply.sessionId)).toMatchObject({ state: "recovering" });
    expect(watcher.closed).toBeUndefined();
  });

  test.each([
    ["text", "hello"],
    ["a report", JSON.stringify({ type: "report", seq: 1, report: { kind: "ended", reason: "idle" } })],
    ["bytes", new ArrayBuffer(4)],
  ])("that says %s is let go, and changes nothing", async (_, message) => {
    const { url, reply } = await started();
    const watcher = await watch(url);
    watcher.send(message);
    expect((await watcher.untilClosed()).code).toBe(EventsClose.unexpected);
    expect((await view(reply.sessionId)).state).toBe("starting");
  });

  test("may ask whether anybody is there", async () => {
    const { url } = await started();
    const watcher = await watch(url);
    watcher.send(EVENTS_PING);
    await vi.waitFor(() => expect(watcher.texts).toEqual([EVENTS_PONG]), PATIENCE);
  });
});

describe("hibernation", () => {
  test("loses no watcher and no number", async () => {
    const { url, signal, reply } = await started();
    const link = await openLink(signal);
    await link.reported(1, said("before"));
    const watcher = await watch(url);
    await evictDurableObject(env.SESSIONS.getByName(reply.sessionId));
    await link.reported(2, said("after"));
    await vi.waitFor(() => expect(texts(watcher)).toEqual(["before", "after"]), PATIENCE);
    expect(watcher.seqs()).toEqual(watcher.messages.map((_, index) => index + 1));
    watcher.send(EVENTS_PING);
    await vi.waitFor(() => expect(watcher.texts).toEqual([EVENTS_PONG]), PATIENCE);
  });

  test("is told apart from a reset, after which a watcher comes back for what it missed", async () => {
    const { url, signal, reply } = await started();
    const link = await openLink(signal);
    await link.reported(1, said("one"));
    const watcher = await watch(url);
    await vi.waitUntil(() => texts(watcher).length === 1, PATIENCE);
    await evictDurableObject(env.SESSIONS.getByName(reply.sessionId), { webSockets: "close" });
    await watcher.untilClosed();
    const last = watcher.seqs().at(-1) ?? 0;
    const again = await openLink(signal);
    await again.reported(2, said("two"));
    const back = await watch(url, last);
    await vi.waitFor(() => expect(texts(back)).toEqual(["two"]), PATIENCE);
    expect(back.seqs()[0]).toBe(last + 1);
  });
});

describe("catching up", () => {
  test("from any number gives exactly what came after it", async () => {
    const { url, signal } = await started();
    const link = await openLink(signal);
    for (const seq of [1, 2, 3]) await link.reported(seq, said(`line ${seq}`));
    const all = await (await watch(url)).until(AFTER_START + 3);
    for (const after of [0, 1, AFTER_START, AFTER_START + 2]) {
      const part = await watch(url, after);
      expect(await part.until(all.length - after)).toEqual(all.slice(after));
    }
    const none = await watch(url, all.length);
    none.send(EVENTS_PING);
    await vi.waitFor(() => expect(none.texts).toEqual([EVENTS_PONG]), PATIENCE);
    expect(none.messages).toEqual([]);
  });

  test("from a number that was never given is refused: what it waits for would not come", async () => {
    const { url } = await started();
    const watcher = await watch(url, 1_000);
    expect((await watcher.untilClosed()).code).toBe(EventsClose.ahead);
    expect(watcher.messages).toEqual([]);
  });

  test.each(["-1", "1.5", "x", "", "1e3", "9".repeat(16)])("from %j is 422", async (after) => {
    const { url } = await started();
    const response = await askForEvents(url, { after });
    expect(response.status).toBe(422);
    expect((await problemOf(response)).errors).toEqual([{ path: "after", message: expect.any(String) }]);
  });

  test("says where events are no longer kept", async () => {
    const { reply } = await started();
    await runInDurableObject(env.SESSIONS.getByName(reply.sessionId), (_, { storage }) => {
      const at = new Date().toISOString();
      const log = new EventLog({ kv: storage.kv, entry: () => undefined, maxEvents: 3 });
      for (let seq = AFTER_START + 1; seq <= 10; seq++)
        log.append({ seq, at, type: "state", state: "active" });
      const read = (after: number) =>
        [...log.after(after, 0)].map((message) =>
          message.type === "gap" ? ["gap", message.seq, message.missing] : message.seq,
        );
      // The first three were kept under another bound; what goes is one for each that comes.
      expect(read(3)).toEqual([["gap", 7, 4], 8, 9, 10]);
      expect(read(7)).toEqual([8, 9, 10]);
      expect(read(10)).toEqual([]);
    });
  });
});

describe("bounds", () => {
  test("as many watch as may; one more is told so, and finds a place once one has gone", async () => {
    const { url } = await started();
    const watchers = await Promise.all(Array.from({ length: MAX_WATCHERS }, () => watch(url)));
    const crowded = await watch(url);
    expect((await crowded.untilClosed()).code).toBe(EventsClose.crowded);
    expect(crowded.messages).toEqual([]);
    watchers[0]?.close();
    await watchers[0]?.untilClosed();
    await (await watch(url)).until(AFTER_START);
  });

  test("a watcher that does not read can hold only so much: it has to come back, and misses nothing", async () => {
    const { url, signal } = await started();
    const link = await openLink(signal);
    const slow = await askForEvents(url);
    const quick = await watch(url);
    const line = "x".repeat(60_000);
    const lines = Math.ceil(MAX_SENT_CHARS / line.length) + 2;
    for (let seq = 1; seq <= lines; seq++) await link.reported(seq, said(line));
    // Nobody has read a word of it until now.
    if (!slow.webSocket) throw new Error("no socket");
    const late = new Watcher(slow.webSocket);
    for (const watcher of [late, quick]) {
      expect((await watcher.untilClosed()).code).toBe(EventsClose.continue);
      expect(JSON.stringify(watcher.messages).length).toBeLessThan(MAX_SENT_CHARS + 70_000);
      const last = watcher.seqs().at(-1) ?? 0;
      const rest = await watch(url, last);
      const total = AFTER_START + lines;
      await rest.until(total - last);
      expect([...watcher.seqs(), ...rest.seqs()]).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    }
  });
});

test("without an upgrade it is 426, and other methods are 405", async () => {
  const { url } = await started();
  const { pathname, search } = new URL(url);
  const response = await get(`${pathname}${search}`);
  expect(response.status).toBe(426);
  expect(response.headers.get("upgrade")).toBe("websocket");
  expect(await problemOf(response)).toMatchObject({ code: "upgrade_required" });
  expect((await post(`${pathname}${search}`)).status).toBe(405);
});

test("an event holds no token, whoever it is for", async () => {
  const { url, signal, reply } = await started();
  const watcher = await watch(url);
  const link = await openLink(signal);
  await joined(link);
  await link.reported(2, said("hello"));
  await post(`/api/rtvi/${reply.sessionId}/stop`);
  await link.reported(3, { kind: "ended", reason: "client_left" });
  await watcher.untilClosed();
  const everything = JSON.stringify(watcher.messages);
  for (const secret of [reply.token, signal.token, signal.link.token, EMULATED_DAILY.apiKey, "ticket"])
    expect(everything).not.toContain(secret);
});
