/**
 * The official client outside a browser: unmodified from npm, up to where media would begin. It starts the bot and
 * makes of the reply what the release's own Daily transport would join with; the join itself is only noted down.
 */
import { readFileSync } from "node:fs";
import { createRequire, findPackageJSON } from "node:module";
import { join } from "node:path";
import type { APIRequest, PipecatClientOptions, RTVIMessage, TransportState } from "@pipecat-ai/client-js";
import { z } from "zod";
import { ROOT } from "../../scripts/steps.ts";
import { NEWEST_TRANSPORT, type TransportVersion } from "./client-bundle.ts";

type ClientModule = typeof import("@pipecat-ai/client-js");
type TransportModule = typeof import("@pipecat-ai/daily-transport");

const MICROPHONE: MediaDeviceInfo = {
  deviceId: "a-microphone",
  groupId: "",
  kind: "audioinput",
  label: "A microphone",
  toJSON: () => ({}),
};

/** All that can be seen of one start. */
export interface Start {
  /** Resolves when the bot is ready, rejects when it was not started. */
  over: Promise<unknown>;
  /** What the transport was told to be, in order, without what it was in before. */
  states: TransportState[];
  /** What an app shows: the data of each `onError`. */
  errors: unknown[];
  /** What `onBotStarted` gave to the app. */
  replies: unknown[];
  /** What each `join()` of Daily would have been called with. */
  joins: unknown[];
}

export interface ReleasedClient {
  /** What npm installed. */
  versions: { transport: string; client: string };
  StartBotError: ClientModule["StartBotError"];
  /** As an app does it: `startBotAndConnect`. */
  start(request: APIRequest): Start;
}

/** The client as an app gets it with this release of the Daily transport. Asks for a `window` when it starts. */
export function loadClient(transport: TransportVersion): ReleasedClient {
  const home = transport === NEWEST_TRANSPORT ? ROOT : join(ROOT, `test/clients/transport-${transport}`);
  const packageFile = join(home, "package.json");
  const load = createRequire(packageFile);
  // Types of the newest release: what is used here, the older ones have as well.
  const client = load("@pipecat-ai/client-js") as ClientModule;
  const { DailyTransport } = load("@pipecat-ai/daily-transport") as TransportModule;

  client.logger.setLevel(client.LogLevel.NONE);

  /** Daily's transport cannot be made without WebRTC. Of its code, the reading of the reply needs none. */
  class TransportWithoutMedia extends client.Transport {
    readonly joins: unknown[] = [];
    readonly selectedMic = {};
    readonly selectedCam = {};
    readonly selectedSpeaker = {};
    readonly isMicEnabled = true;
    readonly isCamEnabled = false;
    readonly isSharingScreen = false;
    readonly _validateConnectionParams = DailyTransport.prototype._validateConnectionParams;

    initialize({ callbacks }: PipecatClientOptions, onMessage: (message: RTVIMessage) => void): void {
      this._callbacks = callbacks ?? {};
      this._onMessage = onMessage;
    }
    get state(): TransportState {
      return this._state;
    }
    set state(state: TransportState) {
      if (state === this._state) return;
      this._state = state;
      this._callbacks.onTransportStateChanged?.(state);
    }
    async _connect(params?: unknown): Promise<void> {
      this.state = "connecting";
      this.joins.push(params);
      this.state = "connected";
    }
    async _disconnect(): Promise<void> {
      this.state = "disconnecting";
      this.state = "disconnected";
    }
    sendReadyMessage(): void {
      this.state = "ready";
      const about = { version: client.RTVI_PROTOCOL_VERSION };
      this._onMessage(new client.RTVIMessage(client.RTVIMessageType.BOT_READY, about));
    }
    async initDevices(): Promise<void> {
      this.state = "initializing";
      // A client that hears of no microphone asks again before it connects.
      this._callbacks.onMicUpdated?.(MICROPHONE);
      this.state = "initialized";
    }
    async getAllMics() {
      return [];
    }
    async getAllCams() {
      return [];
    }
    async getAllSpeakers() {
      return [];
    }
    tracks() {
      return { local: {} };
    }
    updateMic(): void {}
    updateCam(): void {}
    updateSpeaker(): void {}
    enableMic(): void {}
    enableCam(): void {}
    enableScreenShare(): void {}
    sendMessage(): void {}
  }

  return {
    versions: {
      transport: versionOf("@pipecat-ai/daily-transport", packageFile),
      client: versionOf("@pipecat-ai/client-js", packageFile),
    },
    StartBotError: client.StartBotError,
    start(request) {
      const daily = new TransportWithoutMedia();
      const seen = { states: [] as TransportState[], errors: [] as unknown[], replies: [] as unknown[] };
      const user = new client.PipecatClient({
        transport: daily,
        callbacks: {
          onTransportStateChanged: (state) => seen.states.push(state),
          onError: (message) => seen.errors.push(message.data),
          // The transport writes into the reply later on.
          onBotStarted: (reply) => seen.replies.push(structuredClone(reply)),
        },
      });
      return { ...seen, joins: daily.joins, over: user.startBotAndConnect(request) };
    },
  };
}

function versionOf(name: string, from: string): string {
  const found = findPackageJSON(name, from);
  if (found === undefined) throw new Error(`${name} is not installed for ${from}`);
  return z.looseObject({ version: z.string() }).parse(JSON.parse(readFileSync(found, "utf8"))).version;
}
