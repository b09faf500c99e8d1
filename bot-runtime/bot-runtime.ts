import type { StartSignal } from "../protocol/bot-host.ts";
import type { Log } from "../protocol/log.ts";
import { BOT_LIMITS, Bot, type BotLimits } from "./bot.ts";
import { WebSocketEdgeLink } from "./edge-link.ts";
import { createGoogleLiveConnect } from "./gemini/google-live-connect.ts";
import type { BotRuntimeEvent, SessionLogEvent } from "./log-events.ts";
import type { RoomHost } from "./room/room.ts";
import { startServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import type { Settings } from "./settings.ts";
import { EnergyModel } from "./vad/energy-model.ts";

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
  const { apiKey, baseUrl } = settings.gemini;
  const liveConnect = createGoogleLiveConnect({ apiKey, ...(baseUrl ? { baseUrl } : {}) });
  const limits = { ...BOT_LIMITS, clientGraceMs: settings.clientGraceMs, ...options.limits };

  const createBot = (signal: StartSignal): Bot => {
    const { sessionId, attempt } = signal;
    const sessionLog: Log<SessionLogEvent> = (event) => log({ ...event, sessionId, attempt });
    return new Bot(signal, {
      roomHost,
      liveConnect,
      limits,
      model: settings.gemini.model,
      defaultVoice: settings.defaultVoice,
      createSpeechModel: () => new EnergyModel(),
      openLink: (link, events) => new WebSocketEdgeLink({ ...link, events, log: sessionLog }),
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
    log,
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
