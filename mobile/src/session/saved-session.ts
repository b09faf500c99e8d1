import { z } from "zod";
import type { SecretStorage } from "../settings/storage.ts";

/** What a return to a call needs, after the app was killed or the network was away. A secret. */
export interface SavedSession {
  readonly sessionId: string;
  readonly serverUrl: string;
  readonly roomUrl: string;
  readonly token: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

const Saved: z.ZodType<SavedSession> = z.object({
  sessionId: z.string(),
  serverUrl: z.string(),
  roomUrl: z.string(),
  token: z.string(),
  expiresAt: z.iso.datetime(),
});

const KEY = "session";

/** Keeps the one session that can be resumed. A store that fails costs the resuming, never the call. */
export class SavedSessions {
  readonly #storage: SecretStorage;

  constructor(storage: SecretStorage) {
    this.#storage = storage;
  }

  /** `undefined` when there is none, or when its time is over. */
  async load(nowMs: number): Promise<SavedSession | undefined> {
    const text = await this.#storage.get(KEY).catch(() => null);
    const saved = Saved.safeParse(parseJson(text));
    return saved.success && Date.parse(saved.data.expiresAt) > nowMs ? saved.data : undefined;
  }

  async save(session: SavedSession): Promise<void> {
    await this.#storage.set(KEY, JSON.stringify(session)).catch(() => undefined);
  }

  async clear(): Promise<void> {
    await this.#storage.remove(KEY).catch(() => undefined);
  }
}

function parseJson(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
