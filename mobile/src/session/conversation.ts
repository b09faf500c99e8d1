import type { Server } from "../settings/server.ts";
import type { Call } from "./call.ts";
import type { VoiceClient } from "./client.ts";
import type { ServerConfig } from "./messages.ts";
import type { SavedSession } from "./saved-session.ts";

/** From the wish to talk to its end. Whatever goes on for it stops with its signal. */
export interface Conversation {
  readonly ending: AbortController;
  readonly server: Server;
  config?: ServerConfig;
  session?: SavedSession;
  call?: { readonly call: Call; readonly client: VoiceClient };
}
