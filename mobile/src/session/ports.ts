import type { MicrophoneFault } from "../connection/failure.ts";
import type { Server } from "../settings/server.ts";
import type { Levels } from "../store/levels.ts";
import type { VoiceStore } from "../store/voice-store.ts";
import type { ClientPool } from "./client.ts";
import type { EdgeApi } from "./edge-api.ts";
import type { SavedSessions } from "./saved-session.ts";

/** What a phone's body is told. */
export type Cue = "connected" | "talk" | "trouble" | "ended";

export type Permission =
  | {
      readonly granted: true /** Whether a call can go on while the app is left. */;
      readonly background: boolean;
    }
  | { readonly granted: false; readonly reason: Extract<MicrophoneFault, "denied" | "blocked"> };

/** Whether the app is on the screen. A phone lets nobody open the microphone from the background. */
export interface Foreground {
  isActive(): boolean;
  /** Returns what ends the listening. */
  onChange(listener: (active: boolean) => void): () => void;
}

/** The outside world of a `VoiceSession`. */
export interface Ports {
  readonly store: VoiceStore;
  readonly levels: Levels;
  readonly clients: Pick<ClientPool, "take" | "giveBack">;
  readonly canEmulateDaily: boolean;
  readonly saved: SavedSessions;
  readonly foreground: Foreground;
  createApi(server: Server): EdgeApi;
  askForMicrophone(): Promise<Permission>;
  cue(cue: Cue): void;
  nowMs(): number;
}
