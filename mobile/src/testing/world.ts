import { LogLevel, logger } from "@pipecat-ai/client-js";
import type { Connection } from "../connection/connection.ts";
import { type Surroundings, VoiceApp } from "../provider/voice-app.ts";
import { ClientPool } from "../session/client.ts";
import type { EdgeApi } from "../session/edge-api.ts";
import type { Health, ServerConfig, SessionRecord } from "../session/messages.ts";
import type { Cue, Permission } from "../session/ports.ts";
import type { SavedSession } from "../session/saved-session.ts";
import type { Server } from "../settings/server.ts";
import type { Settings } from "../settings/settings-manager.ts";
import type { Storage } from "../settings/storage.ts";
import { asCallTransport, FakeTransport } from "./fake-transport.ts";

export const SERVER_URL = "https://voice.example.com";

export const STARTED = {
  sessionId: "session-1",
  room_url: "https://example.daily.co/room-1",
  token: "room-token",
  expiresAt: "2999-01-01T00:00:00.000Z",
};

export const SAVED: SavedSession = {
  sessionId: STARTED.sessionId,
  serverUrl: SERVER_URL,
  roomUrl: STARTED.room_url,
  token: STARTED.token,
  expiresAt: STARTED.expiresAt,
};

const SETTINGS: Settings = {
  serverUrl: SERVER_URL,
  token: "",
  language: "en-US",
  pushToTalk: false,
  largeCaptions: false,
};

/** A storage in memory, which can be made to fail. */
export class MemoryStorage implements Storage {
  readonly values = new Map<string, string>();
  broken = false;

  async get(key: string): Promise<string | null> {
    this.#check();
    return this.values.get(key) ?? null;
  }
  async set(key: string, value: string): Promise<void> {
    this.#check();
    this.values.set(key, value);
  }
  async remove(key: string): Promise<void> {
    this.#check();
    this.values.delete(key);
  }
  #check(): void {
    if (this.broken) throw new Error("storage is broken");
  }
}

/** The service, the room and the device around the real app, each as a test wants it. */
export class World {
  readonly transports: FakeTransport[] = [];
  readonly storage = new MemoryStorage();
  readonly secrets = new MemoryStorage();
  readonly cues: Cue[] = [];
  readonly stopped: string[] = [];
  readonly servers: Server[] = [];
  permission: Permission | Promise<Permission> = { granted: true, background: true };
  active = true;
  config: () => Promise<ServerConfig> = async () => ({
    emulated: { daily: false, gemini: false },
    auth: "none",
    defaultLanguage: "en-US",
  });
  record: () => Promise<SessionRecord> = async () => ({
    state: "active",
    expiresAt: STARTED.expiresAt,
    transcript: [],
  });
  health: () => Promise<Health> = async () => ({ status: "ok" });
  /** Reply of the start, as client-js fetches it. */
  startReply: () => Promise<Response> = async () => jsonResponse(201, STARTED);
  readonly starts: Request[] = [];
  readonly app: VoiceApp;
  /** Done to each transport as it is made. */
  prepare: (transport: FakeTransport) => void = () => undefined;
  openLink: (link: string) => void = () => undefined;
  readonly #listeners = new Set<(active: boolean) => void>();

  constructor(settings: Partial<Settings> = {}, device: { canEmulateDaily?: boolean } = {}) {
    globalThis.fetch = (input) => {
      // client-js always hands over a request.
      if (!(input instanceof Request)) throw new Error("not a request");
      this.starts.push(input);
      return this.startReply();
    };
    this.app = new VoiceApp(this.#surroundings(settings, device.canEmulateDaily ?? true));
    // What these tests break on purpose is no news.
    logger.setLevel(LogLevel.NONE);
  }

  get connection(): Connection {
    return this.app.store.getState().connection;
  }

  /** The newest transport. */
  get transport(): FakeTransport {
    const transport = this.transports.at(-1);
    if (!transport) throw new Error("nothing has been joined yet");
    return transport;
  }

  setActive(active: boolean): void {
    this.active = active;
    for (const listener of this.#listeners) listener(active);
  }

  /** A conversation in which the assistant is there. */
  async goLive(): Promise<void> {
    this.app.session.connect();
    await settle();
    if (this.connection.phase !== "live") throw new Error(`${this.connection.phase} instead of live`);
  }

  #surroundings(settings: Partial<Settings>, canEmulateDaily: boolean): Surroundings {
    return {
      storage: this.storage,
      secrets: this.secrets,
      clients: new ClientPool(() => {
        const transport = new FakeTransport();
        this.prepare(transport);
        this.transports.push(transport);
        return asCallTransport(transport);
      }),
      canEmulateDaily,
      foreground: {
        isActive: () => this.active,
        onChange: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
      askForMicrophone: async () => this.permission,
      cue: (cue) => this.cues.push(cue),
      nowMs: () => Date.now(),
      createApi: (server) => this.#api(server),
      listenToLinks: (listener) => {
        this.openLink = listener;
        return () => undefined;
      },
      defaults: { ...SETTINGS, ...settings },
    };
  }

  #api(server: Server): EdgeApi {
    this.servers.push(server);
    return {
      config: () => this.config(),
      health: () => this.health(),
      session: () => this.record(),
      stop: async (id) => this.stopped.push(id),
    };
  }
}

export function jsonResponse(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

/** A page where JSON was expected. Its error is one of the test's own realm, as it is in an app. */
export function htmlResponse(): Response {
  const response = new Response("<html>", { status: 200 });
  response.json = async () => JSON.parse(await response.text());
  return response;
}

/** Everything that is ready to happen has happened. For tests on simulated time. */
export async function settle(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0);
  await jest.advanceTimersByTimeAsync(0);
}
