import { LogLevel, logger, PipecatClient, type Transport } from "@pipecat-ai/client-js";

/** Daily's call object as far as a call needs it beside the client. What its events carry is parsed. */
export interface CallObject {
  on(event: CallObjectEvent, listener: (event?: unknown) => void): unknown;
  off(event: CallObjectEvent, listener: (event?: unknown) => void): unknown;
  isLocalAudioLevelObserverRunning(): boolean;
  startLocalAudioLevelObserver(intervalMs: number): Promise<void>;
  isRemoteParticipantsAudioLevelObserverRunning(): boolean;
  startRemoteParticipantsAudioLevelObserver(intervalMs: number): Promise<void>;
}

export type CallObjectEvent = "error" | "network-connection" | "app-message";

/** Where the call machine is loaded from, if not from Daily; only a browser can take it from elsewhere. */
export interface TransportOptions {
  readonly bundlePathOverride: string | undefined;
}

export interface CallTransport {
  readonly transport: Transport;
  readonly call: CallObject;
}

/** One official client with its transport. */
export interface VoiceClient {
  readonly pipecat: PipecatClient;
  readonly call: CallObject;
  /** Says once more that we are ready, to a bot that came later: as soon as it is heard. */
  sendReady(): void;
}

export type CreateTransport = (options: TransportOptions) => CallTransport;

/**
 * Lends a client for one call at a time and takes it back. It is used again, because Daily's call object cannot be
 * destroyed through the transport: a new client for each call would leave one behind, with all of Daily's code.
 */
export class ClientPool {
  readonly #createTransport: CreateTransport;
  #spare: { readonly client: VoiceClient; readonly bundlePathOverride: string | undefined } | undefined;
  #lent: { readonly client: VoiceClient; readonly bundlePathOverride: string | undefined } | undefined;

  constructor(createTransport: CreateTransport) {
    this.#createTransport = createTransport;
    // Below this the client and the transport log every message, with what was said.
    logger.setLevel(LogLevel.WARN);
  }

  take(options: TransportOptions): VoiceClient {
    const spare = this.#spare;
    this.#spare = undefined;
    const { bundlePathOverride } = options;
    const fits = spare !== undefined && spare.bundlePathOverride === bundlePathOverride;
    const client = fits ? spare.client : createClient(this.#createTransport(options));
    this.#lent = { client, bundlePathOverride };
    return client;
  }

  /** Only a client that its call calls reusable. */
  giveBack(client: VoiceClient): void {
    if (this.#lent?.client === client) this.#spare = this.#lent;
  }
}

function createClient({ transport, call }: CallTransport): VoiceClient {
  const pipecat = new PipecatClient({
    transport,
    enableMic: true,
    enableCam: false,
    // A bot that is lost is replaced by another in the same room.
    disconnectOnBotDisconnect: false,
  });
  return { pipecat, call, sendReady: () => void transport.sendReadyMessage() };
}
