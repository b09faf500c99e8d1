import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { StartSignal } from "../../protocol/bot-host.ts";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import type { StartReply } from "../../protocol/session.ts";
import { CLOSED, clientOf, started as startedOf, TOKENS } from "../testing/callers.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { problemOf, startSession, withSettings } from "../testing/edge-client.ts";
import { useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { usePassingTime } from "../testing/pass-time.ts";
import { askForLink } from "../testing/test-link.ts";
import { askForEvents, watch } from "../testing/watcher.ts";
import { signLinkToken } from "./link-token.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
// Gives the real time back after each test.
usePassingTime();

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

describe("the ticket", () => {
  const answers = async (url: string) => (await askForEvents(url)).status;
  const withTicket = (sessionId: string, ticket: string) =>
    `ws://edge.test/api/rtvi/${sessionId}/events?ticket=${encodeURIComponent(ticket)}`;

  test("is all that is needed, also where callers need a token", async () => {
    const reply = await startedOf(clientOf(CLOSED).start({ token: TOKENS.ada }));
    const { pathname, search } = new URL(reply.rtvi.wsEndpoint);
    const response = await withSettings(CLOSED, `${pathname}${search}`, {
      headers: { upgrade: "websocket" },
    });
    expect(response.status).toBe(101);
    response.webSocket?.accept();
    response.webSocket?.close();
    const without = await withSettings(CLOSED, pathname, {
      headers: { upgrade: "websocket", authorization: `Bearer ${TOKENS.ada}` },
    });
    expect(without.status).toBe(401);
  });

  test("of another session, a broken one and none are 401, and wake no object", async () => {
    const { reply, url } = await started();
    const other = await started();
    const ticket = new URL(url).searchParams.get("ticket") ?? "";
    const nobody = "0123456789abcdef0123456789abcdef";
    const before = (await listDurableObjectIds(env.SESSIONS)).length;
    expect(await answers(withTicket(other.reply.sessionId, ticket))).toBe(401);
    expect(await answers(withTicket(nobody, ticket))).toBe(401);
    expect(await answers(withTicket(reply.sessionId, `${ticket.slice(0, -4)}AAAA`))).toBe(401);
    expect(await answers(withTicket(reply.sessionId, "x".repeat(5_000)))).toBe(401);
    expect(await answers(withTicket(reply.sessionId, ""))).toBe(401);
    const response = await askForEvents(`ws://edge.test/api/rtvi/${reply.sessionId}/events`);
    expect(response.status).toBe(401);
    expect(await problemOf(response)).toMatchObject({ code: "unauthorized" });
    expect((await listDurableObjectIds(env.SESSIONS)).length).toBe(before);
  });

  test("is none of the other tokens of the session", async () => {
    const { reply, signal } = await started();
    const { sessionId } = reply;
    const link = await signLinkToken(DEV_SIGNING_KEY, {
      sessionId,
      attempt: 1,
      expiresAt: Date.now() + 60_000,
    });
    for (const token of [reply.token, signal.token, signal.link.token, link])
      expect(await answers(withTicket(sessionId, token))).toBe(401);
  });

  test("opens nothing else", async () => {
    const { reply, url } = await started();
    const ticket = new URL(url).searchParams.get("ticket") ?? "";
    const { sessionId } = reply;
    expect((await askForLink(sessionId, ticket)).status).toBe(401);
    const service = clientOf({ ...CLOSED });
    expect((await service.view(sessionId, { token: ticket })).status).toBe(401);
    expect((await service.stop(sessionId, { token: ticket })).status).toBe(401);
    expect((await service.start({ token: ticket })).status).toBe(401);
  });

  test("expires some minutes after the session must be over", async () => {
    const { reply, url } = await started();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(reply.expiresAt) + 9 * 60_000 });
    expect(await answers(url)).toBe(101);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(reply.expiresAt) + 11 * 60_000 });
    expect(await answers(url)).toBe(401);
  });

  test("is of no use to a page of a foreign origin", async () => {
    const { url } = await started();
    const response = await askForEvents(url, { headers: { origin: "https://evil.example" } });
    expect(response.status).toBe(403);
    expect(await problemOf(response)).toMatchObject({ code: "forbidden" });
    for (const origin of ["https://app.example.com", "http://localhost:8081"]) {
      const allowed = await askForEvents(url, { headers: { origin } });
      expect(allowed.status).toBe(101);
      allowed.webSocket?.accept();
      allowed.webSocket?.close();
    }
  });

  test("is in no log", async () => {
    const { url } = await started();
    const ticket = new URL(url).searchParams.get("ticket") ?? "";
    await (await watch(url)).until(1);
    await askForEvents(`${url}x`);
    expect(logs.text()).not.toContain(ticket);
    expect(logs.lines).toContainEqual(expect.objectContaining({ event: "events.opened" }));
  });
});
