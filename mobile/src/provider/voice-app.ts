import { asFailure, type Failure } from "../connection/failure.ts";
import { nearestLanguage } from "../i18n/languages.ts";
import { ClientPool } from "../session/client.ts";
import { createEdgeApi, type EdgeApi } from "../session/edge-api.ts";
import { isOver, type ServerConfig } from "../session/messages.ts";
import type { Ports } from "../session/ports.ts";
import { SavedSessions } from "../session/saved-session.ts";
import { CAN_EMULATE_DAILY, createTransport } from "../session/transport";
import { VoiceSession } from "../session/voice-session.ts";
import { parseDeepLink } from "../settings/deep-link.ts";
import { parseAddress, type Server } from "../settings/server.ts";
import { type Settings, SettingsManager, withServerUrl } from "../settings/settings-manager.ts";
import type { SecretStorage, Storage } from "../settings/storage.ts";
import { Levels } from "../store/levels.ts";
import { createVoiceStore, showToast, type VoiceStore } from "../store/voice-store.ts";

/** What the app is made of, so that a test can put in its own. */
export interface Surroundings
  extends Pick<Ports, "foreground" | "askForMicrophone" | "cue" | "nowMs" | "canEmulateDaily"> {
  readonly storage: Storage;
  readonly secrets: SecretStorage;
  readonly clients: Ports["clients"];
  createApi(server: Server): EdgeApi;
  /** Returns what ends the listening. */
  listenToLinks(listener: (link: string) => void): () => void;
  readonly defaults: Settings;
}

export type ServerTest =
  | {
      readonly ok: true;
      readonly ms: number;
      readonly status: "ok" | "degraded";
      readonly config: ServerConfig;
    }
  | { readonly ok: false; readonly failure: Failure };

/** The app without its screens: store, levels, conversation and settings, put together once. */
export class VoiceApp {
  readonly store: VoiceStore;
  readonly levels = new Levels();
  readonly session: VoiceSession;
  readonly #surroundings: Surroundings;
  readonly #settings: SettingsManager;
  readonly #saved: SavedSessions;
  #unlisten: () => void = () => undefined;

  constructor(surroundings: Surroundings) {
    const { storage, secrets, defaults } = surroundings;
    this.#surroundings = surroundings;
    this.#settings = new SettingsManager(storage, secrets);
    this.#saved = new SavedSessions(secrets);
    this.store = createVoiceStore(defaults);
    this.session = new VoiceSession({
      ...surroundings,
      store: this.store,
      levels: this.levels,
      saved: this.#saved,
    });
  }

  /** Resolves when the settings are there. A call that may be resumed and a link come when they come. */
  async open(): Promise<void> {
    const settings = await this.#settings.load(this.#surroundings.defaults);
    this.store.setState({ settings });
    this.session.controls.talk({ type: "mode", mode: settings.pushToTalk ? "push" : "open" });
    this.#unlisten = this.#surroundings.listenToLinks((link) => {
      const offer = parseDeepLink(link);
      if (offer) this.store.setState({ offer });
    });
    void this.#lookForSession();
    void this.#askServer();
  }

  async close(): Promise<void> {
    this.#unlisten();
    await this.session.close();
  }

  change(change: Partial<Omit<Settings, "serverUrl">>): void {
    this.#set({ ...this.store.getState().settings, ...change });
    if (change.pushToTalk !== undefined) {
      this.session.controls.talk({ type: "mode", mode: change.pushToTalk ? "push" : "open" });
    }
  }

  changeServer(serverUrl: string): void {
    const { settings } = this.store.getState();
    if (serverUrl === settings.serverUrl) return;
    this.store.setState({ server: undefined });
    this.#set(withServerUrl(settings, serverUrl));
    void this.#askServer();
  }

  /** Only by the user's word: whoever made the link may be the one who listens. */
  takeOffer(): void {
    const { offer, settings } = this.store.getState();
    this.store.setState({ offer: undefined });
    if (offer?.kind !== "server") return;
    this.store.setState({ server: undefined });
    const { url, token } = offer.server;
    const before = withServerUrl(settings, url);
    this.#set({ ...before, token: token === "" ? before.token : token });
    void this.#askServer();
    showToast(this.store, "news", { key: "toast.linkTaken", values: { server: url } });
  }

  ignoreOffer(): void {
    this.store.setState({ offer: undefined });
  }

  /** Ends a session that is not resumed. */
  async endResumable(): Promise<void> {
    const { resumable, settings } = this.store.getState();
    if (!resumable) return;
    this.store.setState({ resumable: undefined });
    await this.#saved.clear();
    const api = this.#surroundings.createApi(serverOf(resumable.serverUrl, settings));
    // Without us it ends by itself, since nobody is in the call.
    await api.stop(resumable.sessionId).catch(() => undefined);
  }

  async testServer(): Promise<ServerTest> {
    const { settings } = this.store.getState();
    const api = this.#surroundings.createApi(serverOf(settings.serverUrl, settings));
    const startMs = this.#surroundings.nowMs();
    try {
      const [{ status }, config] = await Promise.all([api.health(), api.config()]);
      this.store.setState({ server: config });
      return { ok: true, ms: Math.round(this.#surroundings.nowMs() - startMs), status, config };
    } catch (error) {
      return { ok: false, failure: asFailure(error) };
    }
  }

  #set(settings: Settings): void {
    this.store.setState({ settings });
    void this.#settings.save(settings);
  }

  /** What the service says of itself before a call: whether it wants a token, and what it emulates. */
  async #askServer(): Promise<void> {
    const { settings } = this.store.getState();
    if (!parseAddress(settings.serverUrl).ok) return;
    const api = this.#surroundings.createApi(serverOf(settings.serverUrl, settings));
    // Without an answer nothing is known, which a call will say in its own words.
    const server = await api.config().catch(() => undefined);
    // Another one may have been chosen meanwhile.
    if (server && this.store.getState().settings.serverUrl === settings.serverUrl)
      this.store.setState({ server });
  }

  /** A call of an earlier run is offered only while the service says that it goes on. */
  async #lookForSession(): Promise<void> {
    const saved = await this.#saved.load(Date.now());
    if (!saved) return;
    const { settings } = this.store.getState();
    const api = this.#surroundings.createApi(serverOf(saved.serverUrl, settings));
    try {
      const record = await api.session(saved.sessionId);
      if (isOver(record)) return void (await this.#saved.clear());
    } catch (error) {
      const failure = asFailure(error);
      // Forgotten by the service. Where nobody answered, it may still go on.
      if (failure.kind === "refused" && failure.status === 404) return void (await this.#saved.clear());
    }
    if (this.store.getState().connection.phase === "idle") this.store.setState({ resumable: saved });
  }
}

/** A token goes to the service that it was given for, and to no other. */
function serverOf(url: string, settings: Settings): Server {
  const [own, address] = [parseAddress(settings.serverUrl), parseAddress(url)];
  const isOwn = own.ok && address.ok && own.url === address.url;
  return { url: address.ok ? address.url : url, token: isOwn ? settings.token : "" };
}

export interface RealParts
  extends Pick<
    Surroundings,
    "foreground" | "askForMicrophone" | "cue" | "storage" | "secrets" | "listenToLinks"
  > {
  readonly locales: readonly string[];
  readonly serverUrl: string;
}

export function realSurroundings({ locales, serverUrl, ...parts }: RealParts): Surroundings {
  return {
    ...parts,
    clients: new ClientPool(createTransport),
    canEmulateDaily: CAN_EMULATE_DAILY,
    createApi: createEdgeApi,
    nowMs: () => performance.now(),
    defaults: {
      serverUrl,
      token: "",
      language: nearestLanguage(locales) ?? "en-US",
      pushToTalk: false,
      largeCaptions: false,
    },
  };
}
