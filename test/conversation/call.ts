/** A whole bot in a call with the official client; only Gemini's answers and the user's voice are scripted. */
import { vi } from "vitest";
import { Bot } from "../../bot-runtime/bot.ts";
import { BOT_LIMITS } from "../../bot-runtime/bot-limits.ts";
import type { SessionLogEvent } from "../../bot-runtime/log-events.ts";
import { FakeLink } from "../../bot-runtime/testing/fake-link.ts";
import { FakeLive } from "../../bot-runtime/testing/fake-live.ts";
import { startSignal } from "../../bot-runtime/testing/start-signal.ts";
import type { VoiceEvents } from "../../bot-runtime/vad/voice-detector.ts";
import type { EndReason } from "../../protocol/session.ts";
import type { TransportVersion } from "../support/client-bundle.ts";
import { type MemoryClient, memoryClient, type WireMessage } from "./memory-client.ts";
import { PlayingRoom, PlayingRoomHost } from "./playing-room.ts";

const FRAME_MS = 20;
const FRAME = new Int16Array(320);
/** Gemini sends its audio in pieces, faster than it is spoken. */
const PIECE_MS = 400;
const PIECE_EVERY_MS = 100;

export interface CallOptions {
  transport?: TransportVersion;
  metadata?: Record<string, unknown>;
  rewrite?(message: WireMessage): WireMessage;
}

export interface Wired extends WireMessage {
  /** Since the client connected. */
  atMs: number;
  to: "bot" | "client";
}

export interface Call extends MemoryClient {
  wire: Wired[];
  room: PlayingRoom;
  live: FakeLive;
  link: FakeLink;
  log: SessionLogEvent[];
  voice: VoiceEvents;
  /** What `connect()` resolved with. */
  ready: unknown;
  ended(): EndReason | undefined;
  /** Messages to the client of these types, or all. */
  told(...types: string[]): WireMessage[];
  /** What the app heard under this name. */
  events(name: string): unknown[];
}

export const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** Needs fake timers and a `window`. The client is connected, and the bot has nothing to say unless told to. */
export async function startCall({ transport, metadata, rewrite }: CallOptions = {}): Promise<Call> {
  const roomHost = new PlayingRoomHost();
  const live = new FakeLive();
  const log: SessionLogEvent[] = [];
  let link: FakeLink | undefined;
  let voice: VoiceEvents | undefined;
  const bot = new Bot(startSignal({ metadata: { greet: false, ...metadata } }), {
    roomHost,
    liveConnect: live.connect,
    openLink: (_link, events) => {
      link = new FakeLink(events);
      return link;
    },
    openVoiceDetector: (events) => {
      voice = events;
      return { audio() {}, pause() {}, close() {} };
    },
    model: "gemini-3.8-live",
    defaultVoice: "Puck",
    limits: BOT_LIMITS,
    log: (event) => log.push(event),
  });
  let ended: EndReason | undefined;
  void bot.ended.then((reason) => {
    ended = reason;
  });
  link?.events.roomReady();
  await settle();
  const { room } = roomHost;
  if (!link || !voice || !(room instanceof PlayingRoom)) throw new Error("The bot is not in its call.");
  const wire: Wired[] = [];
  const startedAt = Date.now();
  const user = memoryClient({
    room,
    ...(transport ? { transport } : {}),
    ...(rewrite ? { rewrite } : {}),
    onWire: (to, message) => wire.push({ atMs: Date.now() - startedAt, to, ...message }),
  });
  const ready = await user.client.connect();
  const told: Call["told"] = (...types) =>
    wire.filter(({ to, type }) => to === "client" && (types.length === 0 || types.includes(type)));
  const events: Call["events"] = (name) =>
    user.heard.filter(({ event }) => event === name).map(({ data }) => data[0]);
  return { ...user, wire, room, live, link, log, voice, ready, ended: () => ended, told, events };
}

/** The user's microphone for so long, speaking or not. */
export async function microphone({ room }: Call, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += FRAME_MS) {
    room.events.audio(FRAME.slice());
    await settle(FRAME_MS);
  }
}

/** The user says something, and Gemini writes down what it was. */
export async function userSays(call: Call, words: string[], ms: number): Promise<void> {
  call.voice.onset();
  call.voice.started({ beganAtMs: 0, atMs: 0 });
  for (const word of words) {
    await microphone(call, ms / words.length);
    call.live.connection.say({ inputTranscription: { text: word } });
  }
  call.voice.stopped({ atMs: 0 });
  call.live.connection.say({ inputTranscription: { text: "", finished: true } });
}

/** The model makes an answer: its words one by one, its audio by pieces. It takes a fourth of its time. */
export async function botSays({ live }: Call, words: string[], ms: number): Promise<void> {
  const pieces = ms / PIECE_MS;
  for (let piece = 0; piece < pieces; piece += 1) {
    live.connection.sayAudio(PIECE_MS);
    const from = Math.floor((piece * words.length) / pieces);
    const to = Math.floor(((piece + 1) * words.length) / pieces);
    for (const text of words.slice(from, to)) live.connection.say({ outputTranscription: { text } });
    await settle(PIECE_EVERY_MS);
  }
  live.connection.say({ generationComplete: true });
}

export function turnComplete({ live }: Call, tokens = 100): void {
  live.connection.events.message({
    serverContent: { turnComplete: true },
    usageMetadata: { promptTokenCount: tokens, responseTokenCount: tokens, totalTokenCount: 2 * tokens },
  });
}
