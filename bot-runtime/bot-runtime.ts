import type { StartSignal } from "../protocol/bot-host.ts";
import type { Log } from "../protocol/log.ts";
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
      log: sessionLog,
    });
  };

  const sessions = new Sessions({ capacity: settings.capacity, createBot });
  const server = await startServer({
    host: settings.host,
    port: settings.port,
    trustedKeys: settings.trustedKeys,
    sessions,
    roomHost,
    unhandledRejections: options.unhandledRejections ?? (() => 0),
    vad: () => silero.stats,
    turns,
    log,
  }).catch(async (thrown: unknown) => {
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

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const startedAt = Date.now();
    log({ event: "server.draining", active: sessions.load.active });
    await sessions.close();
    await silero.close();
    await server.close();
    log({ event: "server.closed", forMs: Date.now() - startedAt });
  };
  return {
    url: server.url,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
