import { z } from "zod";
import { LANGUAGE_TAGS, type Language } from "../i18n/languages.ts";
import { parseAddress } from "./server.ts";
import type { SecretStorage, Storage } from "./storage.ts";

/** What the user chose. Everything is kept but `token`, which is kept where secrets are. */
export interface Settings {
  /** As typed; empty until there is one. */
  readonly serverUrl: string;
  readonly token: string;
  /** Of the conversation; the app's own texts follow the phone. */
  readonly language: Language;
  readonly pushToTalk: boolean;
  readonly largeCaptions: boolean;
}

const Stored = z.object({
  serverUrl: z.string().optional().catch(undefined),
  language: z.enum(LANGUAGE_TAGS).optional().catch(undefined),
  pushToTalk: z.boolean().optional().catch(undefined),
  largeCaptions: z.boolean().optional().catch(undefined),
});

const SETTINGS_KEY = "settings";
const TOKEN_KEY = "token";

/** Keeps the settings. A store that fails costs the remembering: the app goes on with what it has. */
export class SettingsManager {
  readonly #storage: Storage;
  readonly #secrets: SecretStorage;
  /** Writes follow one another, so that the newest is the one that stays. */
  #writing: Promise<void> = Promise.resolve();

  constructor(storage: Storage, secrets: SecretStorage) {
    this.#storage = storage;
    this.#secrets = secrets;
  }

  /** @param defaults for whatever was never chosen, or cannot be read. */
  async load(defaults: Settings): Promise<Settings> {
    const [text, token] = await Promise.all([
      this.#storage.get(SETTINGS_KEY).catch(() => null),
      this.#secrets.get(TOKEN_KEY).catch(() => null),
    ]);
    const stored = Stored.catch({}).parse(parseJson(text));
    return {
      serverUrl: stored.serverUrl ?? defaults.serverUrl,
      // A token is for one service. Without the address that it was given for it stays unused.
      token: stored.serverUrl === undefined ? defaults.token : (token ?? defaults.token),
      language: stored.language ?? defaults.language,
      pushToTalk: stored.pushToTalk ?? defaults.pushToTalk,
      largeCaptions: stored.largeCaptions ?? defaults.largeCaptions,
    };
  }

  /** Resolves when it is kept, or cannot be. */
  save({ token, ...plain }: Settings): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const secret = token === "" ? this.#secrets.remove(TOKEN_KEY) : this.#secrets.set(TOKEN_KEY, token);
      await Promise.allSettled([this.#storage.set(SETTINGS_KEY, JSON.stringify(plain)), secret]);
    });
    return this.#writing;
  }
}

/**
 * The settings with another address. The token goes with the service it was for: it must not be handed to whatever
 * is behind the new one.
 */
export function withServerUrl(settings: Settings, serverUrl: string): Settings {
  const [before, after] = [parseAddress(settings.serverUrl), parseAddress(serverUrl)];
  const isSame = before.ok && after.ok && before.url === after.url;
  return { ...settings, serverUrl, token: isSame ? settings.token : "" };
}

function parseJson(text: string | null): unknown {
  if (text === null) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
