import type { StartSignal } from "../protocol/bot-host.ts";
import type { Log } from "../protocol/log.ts";
import { watchLoopLag } from "./admission/loop-lag.ts";
import { Strain } from "./admission/strain.ts";
import { Bot } from "./bot.ts";
import { BOT_LIMITS, type BotLimits } from "./bot-limits.ts";
import { WebSocketEdgeLink } from "./edge-link.ts";
import { createGoogleLiveConnect } from "./gemini/google-live-connect.ts";
import type { BotRuntimeEvent, SessionLogEvent } from "./log-events.ts";
import { TurnTotals } from "./measures/turn-summary.ts";
import type { RoomHost } from "./room/room.ts";
import { startServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import type { Settings } from "./settings.ts";
import { VAD_PRESETS } from "./vad/presets.ts";
import { Silero } from "./vad/silero.ts";
import { VoiceDetector } from "./vad/voice-detector.ts";

/** For a call to be handed over to another host: that one has to open a page, and this one to finish a sentence. */
const HAND_OVER_MS = 15_000;

export interface BotRuntimeOptions {
  settings: Settings;
  /** Closed by whoever made it, after the runtime. */
  roomHost: RoomHost;
  log: Log<BotRuntimeEvent>;
  limits?: Partial<BotLimits>;
  /** Failures that nobody dealt with, for `/metrics`. */
  unhandledRejections?(): number;
}

export interface BotRuntime {
  /** Such as `http://127.0.0.1:8080`. */
  url: string;
  /**
   * Takes no calls any more. Resolves when those there are have ended: by themselves, or after `drainMs` because they
   * were handed over to another host. With a `drainMs` of 0 it waits for nothing. Who is still there when it resolves
   * is for `close`. Idempotent.
   */
  drain(): Promise<void>;
  /** Ends all calls, then stops listening. Idempotent. */
  close(): Promise<void>;
}

/** A bot host in this process: everything but settings, browser and signals. */
export async function startBotRuntime(options: BotRuntimeOptions): Promise<BotRuntime> {
  const { settings, roomHost, log } = options;
  const { apiKey, vertex, baseUrl } = settings.gemini;
  const liveConnect = createGoogleLiveConnect({ ...(vertex ?? { apiKey }), ...(baseUrl ? { baseUrl } : {}) });
  const limits = { ...BOT_LIMITS, clientGraceMs: settings.clientGraceMs, ...options.limits };

  const silero = new Silero({ log });
  const params = VAD_PRESETS[settings.vadPreset];

  const turns = new TurnTotals();

  const createBot = (signal: StartSignal): Bot => {
    const { sessionId, attempt } = signal;
    const sessionLog: Log<SessionLogEvent> = (event) => log({ ...event, sessionId, attempt });
    return new Bot(signal, {
      roomHost,
      liveConnect,
      limits,
      model: settings.gemini.model,
      defaultVoice: settings.defaultVoice,
      systemPrompt: settings.systemPrompt,
      openVoiceDetector: (events) =>
        new VoiceDetector({ params, events, openModel: (modelEvents) => silero.open(modelEvents) }),
      openLink: (link, events) => new WebSocketEdgeLink({ ...link, events, log: sessionLog }),
      onTurn: (metrics) => turns.add(metrics),
      onMuteStep: (step) => turns.muted(step),
      log: sessionLog,
    });
  };

  const strain = new Strain({
    lag: watchLoopLag(),
    lateBatches: () => roomHost.stats().lateBatches,
    maxLagMs: settings.maxLoopLagMs,
    log,
  });
  const sessions = new Sessions({ capacity: settings.capacity, door: () => strain.door, createBot });
  const server = await startServer({
    host: settings.host,
    port: settings.port,
    trustedKeys: settings.trustedKeys,
    sessions,
    roomHost,
    strain,
    unhandledRejections: options.unhandledRejections ?? (() => 0),
    vad: () => silero.stats,
    turns,
    log,
  }).catch(async (thrown: unknown) => {
    strain[Symbol.dispose]();
    await silero.close();
    throw thrown;
  });
  log({
    event: "server.listening",
    url: server.url,
    capacity: settings.capacity,
    daily: settings.daily.emulated ? "emulated" : "real",
    gemini: settings.gemini.emulated ? "emulated" : "real",
  });

  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    log({ event: "server.draining", active: sessions.load.active });
    sessions.drain();
    if (settings.drainMs === 0) return;
    if (await within(settings.drainMs, sessions.allEnded())) return;
    log({ event: "server.relieving", active: sessions.load.active });
    sessions.relieve();
    await within(HAND_OVER_MS, sessions.allEnded());
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const startedAt = Date.now();
    strain[Symbol.dispose]();
    await sessions.close();
    await silero.close();
    await server.close();
    log({ event: "server.closed", forMs: Date.now() - startedAt });
  };
  return {
    url: server.url,
    drain: () => {
      draining ??= drain();
      return draining;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Whether the work was done in this time. It goes on otherwise. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, ms, false);
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
