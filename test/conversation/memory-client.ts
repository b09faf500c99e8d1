/** The official client, unmodified from npm, with a transport that reaches a bot's room in memory. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { PipecatClient, PipecatClientOptions, RTVIMessage, TransportState } from "@pipecat-ai/client-js";
import { CLIENT } from "../../bot-runtime/testing/fake-room.ts";
import { ROOT } from "../../scripts/steps.ts";
import { NEWEST_TRANSPORT, type TransportVersion } from "../support/client-bundle.ts";
import type { PlayingRoom } from "./playing-room.ts";

type ClientModule = typeof import("@pipecat-ai/client-js");

/** A message on the wire, in either direction. */
export interface WireMessage {
  id?: string;
  type: string;
  data?: unknown;
}

export interface MemoryClient {
  client: PipecatClient;
  /** What an app heard of the client: names of its events, with what they carry. */
  heard: { event: string; data: unknown[] }[];
  /** Sends a message that the client has no method for. */
  send(type: string, data?: unknown): void;
}

export interface MemoryClientOptions {
  room: PlayingRoom;
  /** Whose release of the client it is. */
  transport?: TransportVersion;
  /** Changes what the client is about to send. */
  rewrite?(message: WireMessage): WireMessage;
  onWire(to: "bot" | "client", message: WireMessage): void;
}

/** Asks for a `window` when it connects. */
export function memoryClient(options: MemoryClientOptions): MemoryClient {
  const { room, transport = NEWEST_TRANSPORT, rewrite = (message) => message, onWire } = options;
  const home = transport === NEWEST_TRANSPORT ? ROOT : join(ROOT, `test/clients/transport-${transport}`);
  // Types of the newest release: what is used here, the older ones have as well.
  const module = createRequire(join(home, "package.json"))("@pipecat-ai/client-js") as ClientModule;
  module.logger.setLevel(module.LogLevel.NONE);

  class MemoryTransport extends module.Transport {
    readonly selectedMic = {};
    readonly selectedCam = {};
    readonly selectedSpeaker = {};
    readonly isMicEnabled = true;
    readonly isCamEnabled = false;
    readonly isSharingScreen = false;

    initialize({ callbacks }: PipecatClientOptions, onMessage: (message: RTVIMessage) => void): void {
      this._callbacks = callbacks ?? {};
      this._onMessage = onMessage;
    }
    get state(): TransportState {
      return this._state;
    }
    set state(state: TransportState) {
      this._state = state;
      this._callbacks.onTransportStateChanged?.(state);
    }
    _validateConnectionParams(params: unknown): unknown {
      return params;
    }
    async _connect(): Promise<void> {
      this.state = "connecting";
      room.onMessage = (data) => this.#receive(data);
      room.events.participantJoined(CLIENT);
      this.state = "connected";
    }
    async _disconnect(): Promise<void> {
      this.state = "disconnecting";
      room.onMessage = () => {};
      room.events.participantLeft(CLIENT);
      this.state = "disconnected";
    }
    sendReadyMessage(): void {
      this.state = "ready";
      this.sendMessage(module.RTVIMessage.clientReady());
    }
    sendMessage(message: RTVIMessage): void {
      const { label, ...sent } = JSON.parse(JSON.stringify(message));
      const rewritten = rewrite(sent);
      onWire("bot", rewritten);
      room.events.appMessage({ label, ...rewritten }, CLIENT.id);
    }
    async initDevices() {}
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

    /** As Daily's transport does it: by label, and without it. */
    #receive(data: unknown): void {
      const { label, id, type, data: payload } = data as RTVIMessage;
      if (label !== "rtvi-ai") return;
      const message = { ...(id === undefined ? {} : { id }), type, data: payload };
      onWire("client", message);
      this._onMessage(message as RTVIMessage);
    }
  }

  const memory = new MemoryTransport();
  const client = new module.PipecatClient({ transport: memory, enableMic: false, enableCam: false });
  const heard: MemoryClient["heard"] = [];
  for (const event of Object.values(module.RTVIEvent)) {
    client.on(event, (...data: unknown[]) => heard.push({ event, data }));
  }
  return {
    client,
    heard,
    send: (type, data) =>
      memory.sendMessage(new module.RTVIMessage(type as (typeof module.RTVIMessageType)["ERROR"], data)),
  };
}
