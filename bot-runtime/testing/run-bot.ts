import { expect, vi } from "vitest";
import type { StartSignal } from "../../protocol/bot-host.ts";
import { Bot, type BotDeps } from "../bot.ts";
import { BOT_LIMITS } from "../bot-limits.ts";
import type { SessionLogEvent } from "../log-events.ts";
import { VAD_PRESETS } from "../vad/presets.ts";
import { VoiceDetector } from "../vad/voice-detector.ts";
import { FakeLink } from "./fake-link.ts";
import { FakeLive } from "./fake-live.ts";
import { CLIENT, FakeRoomHost, type JoinScript } from "./fake-room.ts";
import { startSignal } from "./start-signal.ts";

export interface Setting {
  joins?: JoinScript[];
  live?: FakeLive;
  signal?: Partial<StartSignal>;
  onMuteStep?: BotDeps["onMuteStep"];
}

/** A bot with everything around it in memory. */
export function start({ joins = [], live = new FakeLive(), signal = {}, onMuteStep }: Setting = {}) {
  const roomHost = new FakeRoomHost(...joins);
  const links: FakeLink[] = [];
  const events: SessionLogEvent[] = [];
  const bot = new Bot(startSignal(signal), {
    roomHost,
    liveConnect: live.connect,
    openLink: (_link, linkEvents) => {
      const link = new FakeLink(linkEvents);
      links.push(link);
      return link;
    },
    openVoiceDetector: (voiceEvents) =>
      new VoiceDetector({ params: VAD_PRESETS.measured, events: voiceEvents }),
    model: "gemini-3.8-live",
    defaultVoice: "Puck",
    limits: BOT_LIMITS,
    ...(onMuteStep ? { onMuteStep } : {}),
    log: (event) => events.push(event),
  });
  const [link] = links;
  if (!link) throw new Error("The bot opened no link.");
  let ended: string | undefined;
  void bot.ended.then((reason) => {
    ended = reason;
  });
  /** What the bot had the model say. */
  const purposes = () => events.flatMap((event) => (event.event === "bot.says" ? [event.purpose] : []));
  return { bot, roomHost, live, link, events, purposes, ended: () => ended };
}

/** Time passes, under fake timers. */
export const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** A bot in its call, with a client that is ready and greeted. */
export async function inCall(setting: Setting = {}) {
  const run = start(setting);
  run.link.events.roomReady();
  await settle();
  const { room } = run.roomHost;
  room.events.participantJoined(CLIENT);
  clientReady(run.roomHost);
  return { ...run, room, connection: run.live.connection };
}

export type Run = Awaited<ReturnType<typeof inCall>>;

export function clientReady(roomHost: FakeRoomHost): void {
  const about = { library: "@pipecat-ai/client-js" };
  roomHost.room.events.appMessage(
    { label: "rtvi-ai", type: "client-ready", id: "ready-1", data: { version: "2.1.0", about } },
    CLIENT.id,
  );
}

/** Has the model say something, which is heard to its end. */
export function sayer({ room, live }: Awaited<ReturnType<typeof inCall>>) {
  return (generation: number, text: string, ms = 200): void => {
    const { connection } = live;
    connection.sayAudio(ms);
    connection.say({ outputTranscription: { text }, generationComplete: true });
    room.events.playout({ kind: "started", generation });
    room.events.playout({ kind: "drained", generation, playedMs: ms });
    connection.say({ turnComplete: true });
  };
}

/** Nothing of the session is left: no timer, no room, no connection, no link. */
export function expectNothingLeft({ roomHost, live, link }: ReturnType<typeof start>): void {
  expect(vi.getTimerCount()).toBe(0);
  expect(roomHost.rooms.every(({ closed }) => closed)).toBe(true);
  expect(live.connections.every(({ closed }) => closed)).toBe(true);
  expect(link.closed).toBe(true);
  expect(link.endReasons).toHaveLength(1);
}
