import { StartReply } from "../../../protocol/session.ts";
import type { BarePage } from "../../common/bare-page/bare-page.ts";
import { nowMs } from "../../common/clock.ts";
import type { GeminiControl } from "./gemini-control.ts";
import { firstSince } from "./heard.ts";

const TRACK_WITHIN_MS = 15_000;
const READY_WITHIN_MS = 10_000;
const RTVI_LABEL = "rtvi-ai";

/** Silence of this length is one, and no pause. */
export const SILENT_AFTER_MS = 300;

/** A call of a bare page with a bot. */
export interface BotCall extends AsyncDisposable {
  page: BarePage;
  sessionId: string;
  /** The bot's session with the Gemini emulator. */
  gemini: string;
}

/**
 * Starts a session at the edge and joins it as a user; whoever disposes of it ends the session and closes the page.
 * Resolves once the bot is ready and its greeting was heard to
 * the end. Only one at a time: the session of Gemini that is new is taken for that of this call.
 */
export async function startCall(
  { edgeUrl, gemini }: { edgeUrl: string; gemini: GeminiControl },
  page: BarePage,
): Promise<BotCall> {
  const before = new Set(await gemini.openSessions());
  const { sessionId, room, token } = StartReply.parse(await post(`${edgeUrl}/api/rtvi/start`, {}));
  const track = page.next("track", TRACK_WITHIN_MS);
  const [joined] = await Promise.allSettled([
    page.join({ url: room.url, token, holdMs: SILENT_AFTER_MS }),
    track,
  ]);
  if (joined.status === "rejected") throw joined.reason;
  await track;
  const ready = page.next("message", READY_WITHIN_MS, ({ data }) => isOfType(data, "bot-ready"));
  const about = { library: "bench" };
  const data = { version: "2.0.0", about };
  const askedMs = nowMs();
  await Promise.all([page.send({ label: RTVI_LABEL, type: "client-ready", id: "ready", data }), ready]);
  await firstSince(page, { type: "silence", fromMs: askedMs, withinMs: READY_WITHIN_MS });
  const [session, ...more] = (await gemini.openSessions()).filter((id) => !before.has(id));
  if (session === undefined || more.length > 0) throw new Error("Not one new session of Gemini is open");
  return {
    page,
    sessionId,
    gemini: session,
    [Symbol.asyncDispose]: async () => {
      await post(`${edgeUrl}/api/rtvi/${sessionId}/stop`, {});
      await page[Symbol.asyncDispose]();
    },
  };
}

function isOfType(data: unknown, type: string): boolean {
  return typeof data === "object" && data !== null && "type" in data && data.type === type;
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
