import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { StartSignal } from "../../protocol/bot-host.ts";
import { LINK_PING, LINK_PONG, LinkClose, type LinkCommand } from "../../protocol/link.ts";
import type { StartReply } from "../../protocol/session.ts";
import { MAX_CONVERSATION_BYTES } from "../../protocol/takeover.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { post, startSession, viewOf as view } from "../testing/edge-client.ts";
import { held, OTHER_HOST, refuse, silence, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";
import { PATIENCE } from "../testing/patience.ts";
import { redeploy } from "../testing/redeploy.ts";
import { openLink, type TestLink } from "../testing/test-link.ts";
import { watch } from "../testing/watcher.ts";
import type { SessionRecord } from "./record.ts";
import { MAX_RECOVERIES } from "./recovery.ts";
import { SessionStore } from "./store.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const passTime = usePassingTime();

const ROOM_READY = { type: "room-ready" } as const;

interface Call {
  reply: StartReply;
  sessionId: string;
  signal: StartSignal;
  link: TestLink;
}

/** A session with its bot in the room, and its client ready. */
async function call(body?: unknown): Promise<Call> {
  const reply = await startSession(body);
  const signal = await signalOf(1);
  const link = await openLink(signal);
  await link.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
  await link.reported(2, { kind: "mark", mark: "clientJoined", at: Date.now() });
  await link.reported(3, { kind: "client", rtviVersion: "1.2.0" });
  return { reply, sessionId: reply.sessionId, signal, link };
}

function signalOf(attempt: number): Promise<StartSignal> {
  const find = () => fakes.signals().find((signal) => signal.attempt === attempt);
  return vi.waitUntil(find, PATIENCE);
}

function said(text: string, role: "user" | "assistant" = "user") {
  return { kind: "transcript", entry: { role, text, at: "2026-01-01T00:00:00.000Z" } } as const;
}

function ejections(): unknown[] {
  const isEjection = ({ path }: { path: string }) => path.endsWith("/eject");
  return fakes.daily.filter(isEjection).map(({ text }) => JSON.parse(text).user_ids);
}

async function inState(sessionId: string, state: string): Promise<void> {
  await vi.waitFor(async () => expect((await view(sessionId)).state).toBe(state), PATIENCE);
}

/** What the object keeps, as text. */
function kept(sessionId: string): Promise<string> {
  return runInDurableObject(env.SESSIONS.getByName(sessionId), (_, { storage }) =>
    JSON.stringify([...storage.kv.list()]),
  );
}

function change(sessionId: string, changed: (record: SessionRecord) => SessionRecord): Promise<void> {
  return runInDurableObject(env.SESSIONS.getByName(sessionId), (_, { storage }) => {
    const store = new SessionStore(storage.kv);
    const record = store.read();
    if (record) store.write(changed(record));
  });
}

/** Loses the bot by its link, and lets the grace pass. */
async function lose({ sessionId, link }: Call): Promise<void> {
  link.close();
  const closed = expect.objectContaining({ event: "link.closed" });
  await vi.waitFor(() => expect(logs.lines).toContainEqual(closed), PATIENCE);
  await passTime(sessionId, 3_500);
}

describe("a bot that is lost", () => {
  test("is put out, and another goes on with the conversation, the same client and the same room", async () => {
    const user = { id: "ada", name: "Ada" };
    const metadata = { persona: "a pirate" };
    const lostCall = await call({ user, metadata: { ...metadata, voice: "Kore" } });
    const { sessionId, link, signal: first } = lostCall;
    await link.reported(4, said("Hello."));
    await link.reported(5, { ...said("Good day, how", "assistant") });
    await link.reported(6, { kind: "handle", handle: "handle-1" });
    await link.reported(7, { kind: "handle", handle: "handle-2" });
    await link.reported(8, { kind: "usage", usage: { promptTokens: 5, responseTokens: 5, totalTokens: 10 } });
    await lose(lostCall);
    expect(await view(sessionId)).toMatchObject({ state: "recovering", bot: { attempt: 2 } });

    const signal = await signalOf(2);
    expect(signal).toMatchObject({
      room: first.room,
      user,
      metadata,
      voice: "Kore",
      language: first.language,
    });
    expect(signal.expiresAt).toBe(first.expiresAt);
    expect(signal.token).not.toBe(first.token);
    expect(signal.takeover).toEqual({
      how: "recovery",
      handle: "handle-2",
      conversation: [said("Hello.").entry, said("Good day, how", "assistant").entry],
      client: { rtviVersion: "1.2.0" },
    });
    expect(ejections()).toEqual([["bot-1"]]);

    const zombie = await openLink(first);
    expect((await zombie.untilClosed()).code).toBe(LinkClose.outdated);
    expect(zombie.commands).toEqual([]);

    const second = await openLink(signal);
    await second.untilCommand(ROOM_READY);
    await second.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
    await second.reported(2, said("are you?", "assistant"));
    await second.reported(3, {
      kind: "usage",
      usage: { promptTokens: 1, responseTokens: 1, totalTokens: 2 },
    });
    const { state, bot, transcript, usage } = await view(sessionId);
    expect({ state, bot }).toEqual({ state: "active", bot: { attempt: 2, hostId: "bots.test" } });
    expect(transcript.map(({ seq, text }) => [seq, text])).toEqual([
      [0, "Hello."],
      [1, "Good day, how"],
      [2, "are you?"],
    ]);
    expect(usage.totalTokens).toBe(12);
    await vi.waitFor(() => expect(fakes.host.filter(({ method }) => method === "DELETE")).toHaveLength(1));
    expect(fakes.host.find(({ method }) => method === "DELETE")?.path).toMatch(/\?attempt=1$/);
  });

  test("that says so itself is replaced at once", async () => {
    const { sessionId, link } = await call();
    link.report(4, { kind: "ended", reason: "bot_lost" });
    expect((await link.untilClosed()).code).toBe(LinkClose.outdated);
    expect(link.commands).toContainEqual({ type: "ack", seq: 4 });
    await signalOf(2);
    await inState(sessionId, "recovering");
  });

  test("leaves the next one waiting for Daily to put it out, and no longer than for one try", async () => {
    const lostCall = await call();
    const ejecting = held(refuse(400));
    fakes.dailyAnswers.push(ejecting.answer);
    lostCall.link.report(4, { kind: "ended", reason: "bot_lost" });
    const second = await openLink(await signalOf(2));
    second.send(LINK_PING);
    await vi.waitFor(() => expect(second.texts).toEqual([LINK_PONG]), PATIENCE);
    expect(second.commands).toEqual([]);
    ejecting.release();
    await second.untilCommand(ROOM_READY);
  });

  test("by silence on an open link is told so when it wakes", async () => {
    const { sessionId, link } = await call();
    await passTime(sessionId, 31_000);
    expect((await link.untilClosed()).code).toBe(LinkClose.outdated);
    await signalOf(2);
    await inState(sessionId, "recovering");
  });

  test("is none that only pings: they do not wake the session, but it knows of them", async () => {
    const { sessionId, link } = await call();
    const longAgo = Date.now() - 31_000;
    link.send(LINK_PING);
    await vi.waitFor(() => expect(link.texts).toEqual([LINK_PONG]), PATIENCE);
    await change(sessionId, (record) => {
      const { link } = record.bot;
      if (link.kind !== "open") throw new Error("the link is not open");
      return { ...record, bot: { ...record.bot, link: { ...link, heardAt: longAgo } } };
    });
    await passTime(sessionId, 0);
    expect((await view(sessionId)).state).toBe("active");
    await link.reported(4, said("still here"));
  });

  test("with no host to take over ends the session, after ten tries", async () => {
    const lostCall = await call();
    const { sessionId } = lostCall;
    const full = refuse(503, { code: "no_capacity" });
    fakes.hostAnswers.push(...Array.from({ length: 3 * MAX_RECOVERIES }, () => full));
    await lose(lostCall);
    for (let tries = 1; tries < MAX_RECOVERIES; tries++) {
      await signalOf(1 + tries);
      // Its answer has been heard when the next attempt has its number.
      await vi.waitFor(async () => expect((await view(sessionId)).bot.attempt).toBe(2 + tries), PATIENCE);
      await passTime(sessionId, 2_500);
    }
    await inState(sessionId, "failed");
    expect(await view(sessionId)).toMatchObject({ reason: "bot_lost" });
    expect(new Set(fakes.signals().map(({ attempt }) => attempt)).size).toBe(1 + MAX_RECOVERIES);
  });

  test("is replaced though the object is reset while a host is looked for", async () => {
    const lostCall = await call();
    const { sessionId } = lostCall;
    fakes.hostAnswers.push(silence, silence);
    lostCall.link.report(4, { kind: "ended", reason: "bot_lost" });
    await signalOf(2);
    await evictDurableObject(env.SESSIONS.getByName(sessionId), { webSockets: "close" });
    await passTime(sessionId, 15_500);
    await passTime(sessionId, 1_000);
    const second = await openLink(await signalOf(3));
    await second.untilCommand(ROOM_READY);
  });
});

describe("a bot whose host goes", () => {
  /** A call whose successor is prepared, and that was asked to leave. */
  async function relieved(): Promise<Call & { next: TestLink; successor: StartSignal }> {
    const going = await call();
    const { link, sessionId } = going;
    await runInDurableObject(env.SESSIONS.getByName(sessionId), (session) => {
      redeploy(session, { ...env, BOT_RUNTIME_URL: `http://bots.test,${OTHER_HOST}` });
    });
    await link.reported(4, said("one"));
    await link.reported(5, { kind: "handle", handle: "handle-1" });
    await link.reported(6, { kind: "draining" });
    const successor = await signalOf(2);
    expect(fakes.host.at(-1)?.origin).toBe(OTHER_HOST);
    const next = await openLink(successor);
    await link.reported(7, said("two"));
    await next.reported(1, { kind: "prepared" });
    await link.untilCommand({ type: "hand-over" });
    return { ...going, next, successor };
  }

  test("hands over: the next one is let in with what was said since, and the newest handle", async () => {
    const { sessionId, signal, link, next, successor } = await relieved();
    expect(successor.takeover).toMatchObject({
      how: "hand-over",
      handle: "handle-1",
      conversation: [said("one").entry],
      client: { rtviVersion: "1.2.0" },
    });
    expect(next.commands.map(({ type }) => type)).toEqual(["ack"]);
    expect((await view(sessionId)).state).toBe("active");
    await link.reported(8, said("three", "assistant"));
    await link.reported(9, { kind: "handle", handle: "handle-2" });
    await link.reported(10, { kind: "handed-over" });
    expect((await link.untilClosed()).code).toBe(LinkClose.outdated);
    const ready: LinkCommand = {
      type: "room-ready",
      handle: "handle-2",
      conversation: [said("two").entry, said("three", "assistant").entry],
    };
    await next.untilCommand(ready);
    // It leaves by itself.
    expect(ejections()).toEqual([]);
    await next.reported(2, { kind: "mark", mark: "botJoined", at: Date.now() });
    const bot = { attempt: 2, hostId: new URL(OTHER_HOST).host };
    expect(await view(sessionId)).toMatchObject({ state: "active", bot });
    expect((await openLink(signal).then((zombie) => zombie.untilClosed())).code).toBe(LinkClose.outdated);
    await passTime(sessionId, 3_500);
    await vi.waitFor(() => expect(ejections()).toEqual([["bot-1"]]), PATIENCE);
    expect((await view(sessionId)).transcript.map(({ text }) => text)).toEqual(["one", "two", "three"]);
  });

  test("both links live at the same time, through hibernation", async () => {
    const { sessionId, link, next } = await relieved();
    await evictDurableObject(env.SESSIONS.getByName(sessionId));
    await link.reported(8, said("three"));
    await next.reported(2, { kind: "prepared" });
    await link.reported(9, { kind: "handed-over" });
    await vi.waitFor(() => expect(next.commands.map(({ type }) => type)).toContain("room-ready"), PATIENCE);
  });

  test("a stop is told to both, and both hosts", async () => {
    const { sessionId, link, next } = await relieved();
    await post(`/api/rtvi/${sessionId}/stop`);
    await link.untilCommand({ type: "stop", reason: "stopped" });
    await next.untilCommand({ type: "stop", reason: "stopped" });
    expect((await next.untilClosed()).code).toBe(LinkClose.ended);
    await link.reported(8, said("good bye"));
    await passTime(sessionId, 2_500);
    expect((await link.untilClosed()).code).toBe(LinkClose.ended);
    await vi.waitFor(() => {
      const stops = fakes.host.filter(({ method }) => method === "DELETE");
      expect(new Set(stops.map(({ origin, path }) => `${origin} ${path.replace(/.*\?/, "")}`))).toEqual(
        new Set(["http://bots.test attempt=1", `${OTHER_HOST} attempt=2`]),
      );
    }, PATIENCE);
  });

  test("has nobody to hand over to where there is no other host, and goes on", async () => {
    const { sessionId, link } = await call();
    await link.reported(4, { kind: "draining" });
    await vi.waitFor(() => expect(logs.text()).toContain('"how":"hand-over"'), PATIENCE);
    await link.reported(5, said("still here"));
    expect(await view(sessionId)).toMatchObject({ state: "active", bot: { attempt: 1 } });
    expect(fakes.signals()).toHaveLength(1);
  });
});

describe("what a bot leaves to the next", () => {
  test("the handle is in no view, no event and no log, and gone with the end, as are the caller's words for the bot", async () => {
    const { reply, sessionId, link } = await call({ metadata: { persona: "a confidant" } });
    const watcher = await watch(reply.rtvi.wsEndpoint);
    await link.reported(4, { kind: "handle", handle: "a-secret-handle" });
    await link.reported(5, said("hello"));
    expect(await kept(sessionId)).toContain("a-secret-handle");
    expect(await kept(sessionId)).toContain("a confidant");
    await post(`/api/rtvi/${sessionId}/stop`);
    await link.reported(6, { kind: "handle", handle: "a-later-handle" });
    link.close();
    await watcher.untilClosed();
    expect(await kept(sessionId)).not.toMatch(/a-secret-handle|a-later-handle|a confidant/);
    const shown = JSON.stringify([await view(sessionId), watcher.messages, logs.lines]);
    expect(shown).not.toMatch(/handle"?:|a-secret-handle|a-later-handle/);
  });

  test("that the client was ready is known from the mark as well, and otherwise not said", async () => {
    await startSession();
    const link = await openLink(await signalOf(1));
    link.report(1, { kind: "ended", reason: "bot_lost" });
    const second = await signalOf(2);
    expect(second.takeover).toEqual({ how: "recovery", conversation: [] });
    const next = await openLink(second);
    await next.reported(1, { kind: "mark", mark: "clientReady", at: Date.now() });
    next.report(2, { kind: "ended", reason: "bot_lost" });
    expect((await signalOf(3)).takeover).toEqual({ how: "recovery", conversation: [], client: {} });
  });

  test("of a long conversation only the newest lines are told", async () => {
    const { sessionId, link } = await call();
    const long = "ü".repeat(3_000);
    for (let line = 0; line < 5; line++) await link.reported(4 + line, said(`${line} ${long}`));
    link.report(9, { kind: "ended", reason: "bot_lost" });
    const { takeover } = await signalOf(2);
    const lines = takeover?.conversation ?? [];
    expect(lines.map(({ text }) => text[0])).toEqual(["3", "4"]);
    expect(new TextEncoder().encode(JSON.stringify(lines)).length).toBeLessThan(MAX_CONVERSATION_BYTES);
    await inState(sessionId, "recovering");
  });
});
