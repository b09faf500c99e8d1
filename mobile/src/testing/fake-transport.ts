import {
  type DeviceError,
  type Participant,
  type PipecatClientOptions,
  RTVIMessage,
  type Tracks,
  Transport,
  TransportStartError,
  type TransportState,
} from "@pipecat-ai/client-js";
import type { CallObject, CallObjectEvent, CallTransport } from "../session/client.ts";

/** What a join does. */
export type JoinBehaviour = "works" | "fails" | "hangs";

const NO_DEVICE: Record<string, never> = {};

/**
 * A room with a bot, in memory, behind the official client's own abstract `Transport`: what the client asks of a
 * transport, and ours of Daily's call object (`CallObject`), has to be here, or this does not compile.
 */
export class FakeTransport extends Transport {
  readonly call = new FakeCallObject();
  readonly sent: RTVIMessage[] = [];
  readonly joins: unknown[] = [];
  joining: JoinBehaviour = "works";
  /** Whether the bot answers `client-ready`. */
  botAnswers = true;
  /** Whether the bot knows the button. */
  knowsPushToTalk = true;
  openDevices: () => Promise<void> = () => Promise.resolve();
  micEnabled = true;
  left = 0;

  override initialize(options: PipecatClientOptions, messageHandler: (message: RTVIMessage) => void): void {
    this._callbacks = options.callbacks ?? {};
    this._onMessage = messageHandler;
    this.state = "disconnected";
  }

  override async initDevices(): Promise<void> {
    this.state = "initializing";
    await this.openDevices();
    this._callbacks.onMicUpdated?.(MICROPHONE);
    this.state = "initialized";
  }

  override _validateConnectionParams(params?: unknown): unknown {
    return params;
  }

  override async _connect(params?: unknown): Promise<void> {
    this.joins.push(params);
    this.state = "connecting";
    if (this.joining === "hangs") await new Promise(() => undefined);
    if (this.joining === "fails") {
      this.state = "error";
      throw new TransportStartError();
    }
    this.state = "connected";
    this._callbacks.onConnected?.();
    this.botJoins("bot-1");
  }

  override async _disconnect(): Promise<void> {
    this.state = "disconnecting";
    this.left += 1;
    this.state = "disconnected";
    this._callbacks.onDisconnected?.();
  }

  override sendReadyMessage(): void {
    this.state = "ready";
    this.sendMessage(RTVIMessage.clientReady());
  }

  override sendMessage(message: RTVIMessage): void {
    this.sent.push(message);
    if (message.type === "client-ready" && this.botAnswers)
      this.botSays("bot-ready", { version: "2.1.0" }, message.id);
    if (message.type === "client-message" && isPushToTalk(message.data)) {
      if (this.knowsPushToTalk) this.botSays("server-response", { t: "push-to-talk" }, message.id);
      else this.botSays("error-response", { error: "Unknown message" }, message.id);
    }
  }

  /** Messages of this type that the app sent. */
  messages(type: string): unknown[] {
    return this.sent.filter((message) => message.type === type).map(({ data }) => data);
  }

  botSays(type: string, data: unknown = {}, id = ""): void {
    this._onMessage(new RTVIMessage(type, data, id));
  }

  botJoins(id: string): void {
    this._callbacks.onBotConnected?.(bot(id));
  }

  botLeaves(id: string): void {
    this._callbacks.onBotDisconnected?.(bot(id));
  }

  failDevice(error: DeviceError): void {
    this._callbacks.onDeviceError?.(error);
  }

  levels(user: number, assistant: number): void {
    this._callbacks.onLocalAudioLevel?.(user);
    this._callbacks.onRemoteAudioLevel?.(assistant, bot("bot-1"));
  }

  /** Daily ends the call with an error of its own. */
  break(type: string, details?: { on: string }): void {
    this.state = "error";
    this.call.emit("error", {
      errorMsg: `broken: ${type}`,
      error: { type, ...(details ? { details } : {}) },
    });
    this._callbacks.onError?.(RTVIMessage.error(`broken: ${type}`, true));
  }

  network(event: "interrupted" | "connected"): void {
    this.call.emit("network-connection", { type: "signaling", event });
  }

  override get state(): TransportState {
    return this._state;
  }
  override set state(state: TransportState) {
    if (this._state === state) return;
    this._state = state;
    this._callbacks.onTransportStateChanged?.(state);
  }

  override enableMic(enable: boolean): void {
    this.micEnabled = enable;
  }
  override get isMicEnabled(): boolean {
    return this.micEnabled;
  }
  override getAllMics(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve([MICROPHONE]);
  }
  override getAllSpeakers(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve([SPEAKER, EARPIECE]);
  }
  override getAllCams(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve([]);
  }
  override updateMic(_id: string): void {}
  override updateSpeaker(id: string): void {
    this.selectedSpeaker = id === EARPIECE.deviceId ? EARPIECE : SPEAKER;
  }
  override updateCam(_id: string): void {}
  override selectedMic: MediaDeviceInfo | Record<string, never> = MICROPHONE;
  override selectedSpeaker: MediaDeviceInfo | Record<string, never> = SPEAKER;
  override selectedCam: MediaDeviceInfo | Record<string, never> = NO_DEVICE;
  override enableCam(_enable: boolean): void {}
  override get isCamEnabled(): boolean {
    return false;
  }
  override enableScreenShare(_enable: boolean): void {}
  override get isSharingScreen(): boolean {
    return false;
  }
  override tracks(): Tracks {
    return { local: {} };
  }
}

class FakeCallObject implements CallObject {
  readonly #listeners = new Map<CallObjectEvent, Set<(event?: unknown) => void>>();

  on(event: CallObjectEvent, listener: (event?: unknown) => void): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }
  off(event: CallObjectEvent, listener: (event?: unknown) => void): void {
    this.#listeners.get(event)?.delete(listener);
  }
  emit(event: CallObjectEvent, payload: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(payload);
  }
  /** Listeners that nobody has taken away. */
  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
  isLocalAudioLevelObserverRunning(): boolean {
    return true;
  }
  startLocalAudioLevelObserver(): Promise<void> {
    return Promise.resolve();
  }
  isRemoteParticipantsAudioLevelObserverRunning(): boolean {
    return true;
  }
  startRemoteParticipantsAudioLevelObserver(): Promise<void> {
    return Promise.resolve();
  }
}

export function asCallTransport(transport: FakeTransport): CallTransport {
  return { transport, call: transport.call };
}

function device(kind: MediaDeviceKind, deviceId: string, label: string): MediaDeviceInfo {
  return { deviceId, groupId: "", kind, label, toJSON: () => ({}) };
}
const MICROPHONE = device("audioinput", "mic-1", "Built-in microphone");
const SPEAKER = device("audiooutput", "SPEAKERPHONE", "Speaker");
const EARPIECE = device("audiooutput", "WIRED_OR_EARPIECE", "Earpiece");

function bot(id: string): Participant {
  return { id, name: "Assistant", local: false };
}

function isPushToTalk(data: unknown): boolean {
  return typeof data === "object" && data !== null && "t" in data && data.t === "push-to-talk";
}
