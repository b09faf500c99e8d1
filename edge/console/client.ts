import { LogLevel, logger, PipecatClient } from "@pipecat-ai/client-js";
import { DailyTransport } from "@pipecat-ai/daily-transport";

/** One official client with its transport, as far as a call needs them. */
export interface Client {
  pipecat: Pick<
    PipecatClient,
    | "on"
    | "off"
    | "state"
    | "mediaState"
    | "initDevices"
    | "startBot"
    | "connect"
    | "disconnect"
    | "enableMic"
    | "updateMic"
    | "selectedMic"
  >;
  /** Daily's call object, for what the client does not pass on: types of errors, the state of the network. */
  daily: Pick<
    DailyTransport["dailyCallClient"],
    | "on"
    | "off"
    | "isLocalAudioLevelObserverRunning"
    | "startLocalAudioLevelObserver"
    | "isRemoteParticipantsAudioLevelObserverRunning"
    | "startRemoteParticipantsAudioLevelObserver"
  >;
}

/**
 * Lends the client for one call at a time, and takes it back. It is used again, because Daily's call object cannot
 * be destroyed through the transport: a new client for each call would leave one behind, with all of Daily's code.
 * After a call that Daily broke off a new one is made all the same, since nobody promises the state of the old.
 */
export class ClientPool {
  readonly #bundlePathOverride: string | undefined;
  #spare: Client | undefined;

  /** @param bundlePathOverride where daily-js loads its call machine from, if not from Daily. */
  constructor(bundlePathOverride: string | undefined) {
    this.#bundlePathOverride = bundlePathOverride;
    // Below this the client and the transport log every message, with what was said.
    logger.setLevel(LogLevel.WARN);
  }

  take(): Client {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare ?? this.#create();
  }

  /** Only a client that its call calls reusable. */
  giveBack(client: Client): void {
    this.#spare = client;
  }

  #create(): Client {
    const dailyConfig = {
      // The call machine as a script of its address rather than as text that is evaluated: the page's policy then
      // names one origin instead of allowing every string to become code.
      avoidEval: true,
      ...(this.#bundlePathOverride === undefined ? {} : { bundlePathOverride: this.#bundlePathOverride }),
    };
    const transport = new DailyTransport({ dailyConfig });
    const pipecat = new PipecatClient({ transport, enableMic: true, enableCam: false });
    return { pipecat, daily: transport.dailyCallClient };
  }
}
