import { createStore, type StoreApi } from "zustand/vanilla";
import { type Connection, IDLE } from "../connection/connection.ts";
import type { Message } from "../i18n/messages.ts";
import type { Notice } from "../session/listen.ts";
import type { ServerConfig } from "../session/messages.ts";
import type { SavedSession } from "../session/saved-session.ts";
import type { Speaker } from "../session/speaker.ts";
import { OPEN_MICROPHONE, type Talk } from "../session/talk.ts";
import type { DeepLink } from "../settings/deep-link.ts";
import type { Settings } from "../settings/settings-manager.ts";
import { EMPTY_TRANSCRIPT, type Transcript } from "../transcript/transcript.ts";
import { addEntry, type LogEntry } from "./event-log.ts";
import { addToast, type Toast } from "./toasts.ts";

/** Everything that is shown, but for the levels. `VoiceSession` writes what belongs to a call, the screens the rest. */
export interface VoiceState {
  readonly connection: Connection;
  readonly transcript: Transcript;
  readonly speaker: Speaker;
  readonly notices: readonly Notice[];
  readonly talk: Talk;
  readonly muted: boolean;
  readonly settings: Settings;
  /** A call of an earlier run of the app that is still going on. */
  readonly resumable: SavedSession | undefined;
  /** A link that was opened, until the user says what becomes of it. */
  readonly offer: DeepLink | undefined;
  /** What the service said of itself, at the last call or test. */
  readonly server: ServerConfig | undefined;
  readonly toasts: readonly Toast[];
  readonly log: readonly LogEntry[];
}

export type VoiceStore = StoreApi<VoiceState>;

export function createVoiceStore(settings: Settings): VoiceStore {
  return createStore<VoiceState>(() => ({
    connection: IDLE,
    transcript: EMPTY_TRANSCRIPT,
    speaker: "nobody-yet",
    notices: [],
    talk: settings.pushToTalk ? { mode: "push", talking: "no", pressedAtMs: 0 } : OPEN_MICROPHONE,
    muted: false,
    settings,
    resumable: undefined,
    offer: undefined,
    server: undefined,
    toasts: [],
    log: [],
  }));
}

let nextToastKey = 1;

export function showToast(store: VoiceStore, tone: Toast["tone"], message: Message): void {
  const toast: Toast = { key: nextToastKey++, tone, message };
  store.setState(({ toasts }) => ({ toasts: addToast(toasts, toast) }));
}

export function dismissToast(store: VoiceStore, key: number): void {
  store.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.key !== key) }));
}

export function trace(store: VoiceStore, name: string, detail?: string): void {
  store.setState(({ log }) => ({ log: addEntry(log, { atMs: Date.now(), name, detail }) }));
}
