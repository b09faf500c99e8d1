import { vi } from "vitest";
import { Bot } from "../../../bot-runtime/bot.ts";
import { BOT_LIMITS } from "../../../bot-runtime/bot-limits.ts";
import type { SessionLogEvent } from "../../../bot-runtime/log-events.ts";
import { FakeLink } from "../../../bot-runtime/testing/fake-link.ts";
import { FakeLive } from "../../../bot-runtime/testing/fake-live.ts";
import { CLIENT } from "../../../bot-runtime/testing/fake-room.ts";
import { frames, silence, voice } from "../../../bot-runtime/testing/sounds.ts";
import { startSignal } from "../../../bot-runtime/testing/start-signal.ts";
import { VAD_PRESETS } from "../../../bot-runtime/vad/presets.ts";
import { VoiceDetector } from "../../../bot-runtime/vad/voice-detector.ts";
import { SimulatedRooms, TICK_MS } from "./simulated-room.ts";

const OUTPUT_RATE = 24_000;
/** What the model sends at a time, and how often: five times as fast as it is heard. */
const CHUNK_MS = 200;
const CHUNK_EVERY_MS = 40;

/** A phone that is muted a while after its user has spoken. */
const MUTED_AFTER_MS = 1_500;
const VOICE = frames(3_000, voice(0.3));
const SILENCE = frames(TICK_MS, silence)[0] ?? new Int16Array(320);

/** One answer of the simulated model: constant sound whose value is its number, and words spread over it. */
export interface Answer {
  marker: number;
  words: readonly string[];
  wordMs: number;
  /** How far its words run ahead of its sound. */
  leadMs: number;
}

/** A bot, its client, the network and a model, in memory; time passes only by `pass`. */
export class SimulatedCall {
  readonly live = new FakeLive();
  readonly rooms = new SimulatedRooms();
  readonly logged: SessionLogEvent[] = [];
  readonly bot: Bot;
  ended: string | undefined;
  #link: FakeLink | undefined;
  #voiceAt: number | undefined;
  #silentSince = Number.NEGATIVE_INFINITY;
  #handles = 0;

  constructor(lengthMs: number) {
    this.bot = new Bot(startSignal({ expiresAt: new Date(Date.now() + lengthMs).toISOString() }), {
      roomHost: this.rooms,
      liveConnect: this.live.connect,
      openLink: (_link, events) => {
        this.#link = new FakeLink(events);
        return this.#link;
      },
      openVoiceDetector: (events) => new VoiceDetector({ params: VAD_PRESETS.measured, events }),
      model: "gemini-3.8-live",
      defaultVoice: "Puck",
      limits: BOT_LIMITS,
      log: (event) => this.logged.push(event),
    });
    void this.bot.ended.then((reason) => {
      this.ended = reason;
    });
  }

  get link(): FakeLink {
    if (!this.#link) throw new Error("The bot has opened no link.");
    return this.#link;
  }

  get room() {
    if (!this.rooms.room) throw new Error("The bot has opened no room.");
    return this.rooms.room;
  }

  /** The client joins and is ready; the greeting is `answer`. */
  async greet(answer: Answer): Promise<void> {
    await this.pass(0);
    this.link.events.roomReady();
    await this.pass(100);
    this.answer(answer);
    await this.pass(200);
    this.room.events.participantJoined(CLIENT);
    this.room.events.appMessage(
      {
        label: "rtvi-ai",
        type: "client-ready",
        id: "1",
        data: { version: "2.1.0", about: { library: "x" } },
      },
      CLIENT.id,
    );
  }

  /** The user speaks, or is silent, from now on. */
  set speaking(speaking: boolean) {
    this.#voiceAt = speaking ? 0 : undefined;
    this.#silentSince = Date.now();
  }

  /** Simulated time passes: the room plays, the user's microphone runs. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      vi.advanceTimersByTime(TICK_MS);
      if (this.rooms.room) {
        this.room.tick();
        const pcm = this.#microphone();
        if (pcm) this.room.events.audio(pcm);
      }
      // Whatever was awaiting what has just happened.
      for (let i = 0; i < 4; i += 1) await null;
    }
    for (let i = 0; i < 20; i += 1) await null;
  }

  /** The model answers, as Gemini does: by and by, as time passes. */
  answer({ marker, words, wordMs, leadMs }: Answer): void {
    const { connection } = this.live;
    const allMs = words.length * wordMs;
    let sentMs = 0;
    let told = 0;
    const send = (): void => {
      const until = sentMs >= allMs ? Number.POSITIVE_INFINITY : sentMs + leadMs;
      const text = words.slice(told).filter((_, i) => (told + i) * wordMs <= until);
      told += text.length;
      connection.say({
        ...(text.length > 0
          ? { outputTranscription: { text: text.map((word) => `${word} `).join("") } }
          : {}),
        ...(sentMs < allMs ? { modelTurn: { parts: [soundPart(marker, CHUNK_MS)] } } : {}),
      });
      sentMs += CHUNK_MS;
      if (sentMs >= allMs && told === words.length) {
        connection.say({ generationComplete: true });
        clearInterval(timer);
      }
    };
    const timer = setInterval(send, CHUNK_EVERY_MS);
    this.#stopAnswer = () => clearInterval(timer);
  }

  #stopAnswer: () => void = () => {};

  /** The model notices that it is interrupted; a chunk that was under way still comes after its word. */
  interrupt(marker: number): void {
    this.#stopAnswer();
    const { connection } = this.live;
    connection.say({ interrupted: true });
    connection.say({ modelTurn: { parts: [soundPart(marker, CHUNK_MS)] } });
    connection.say({ turnComplete: true });
  }

  /** The model's turn is over, and its connection can be resumed from here. */
  completeTurn(): void {
    const { connection } = this.live;
    connection.events.message({
      serverContent: { turnComplete: true },
      usageMetadata: { promptTokenCount: 10, responseTokenCount: 20, totalTokenCount: 30 },
    });
    this.#handles += 1;
    connection.giveHandle(`handle-${this.#handles}`);
  }

  /** The fakes record everything, which in an hour is more than all else. */
  forget(): void {
    for (const { audio, sent, texts, pausedAfter } of this.live.connections) {
      for (const record of [audio, sent, texts, pausedAfter]) record.length = 0;
    }
    this.live.connections.splice(0, this.live.connections.length - 1);
    this.room.messages.length = 0;
    this.logged.length = 0;
  }

  #microphone(): Int16Array | undefined {
    if (this.#voiceAt === undefined) {
      return Date.now() - this.#silentSince < MUTED_AFTER_MS ? SILENCE : undefined;
    }
    const frame = VOICE[this.#voiceAt % VOICE.length] ?? SILENCE;
    this.#voiceAt += 1;
    return frame;
  }
}

function soundPart(marker: number, ms: number) {
  const pcm = new Int16Array((OUTPUT_RATE * ms) / 1_000).fill(marker);
  return {
    inlineData: { mimeType: "audio/pcm;rate=24000", data: Buffer.from(pcm.buffer).toString("base64") },
  };
}
