import { FailureError } from "../connection/failure.ts";
import type { Language } from "../i18n/languages.ts";
import type { Server } from "../settings/server.ts";
import { BotAudio } from "./bot-audio";
import type { VoiceClient } from "./client.ts";
import { authorization } from "./edge-api.ts";
import { type CallEvent, listen } from "./listen.ts";
import { Started } from "./messages.ts";
import type { Side } from "./speaker.ts";

export interface CallOptions {
  readonly client: VoiceClient;
  /** Told what happens, in order; nothing once the call has been left. */
  emit(event: CallEvent): void;
  level(side: Side, level: number): void;
  trace(name: string, detail?: string): void;
}

/** What a join needs. Both are secrets of their session. */
export interface Credentials {
  readonly roomUrl: string;
  readonly token: string;
}

/** Leaving is one message to Daily. After this the client is given up. */
export const LEAVE_TIMEOUT_MS = 5_000;
const LEVEL_INTERVAL_MS = 100;

/** States that a client reaches by a step that was under way when it was left. */
const REVIVED: readonly string[] = ["initialized", "authenticated", "connected", "ready"];

/** One client in one room. It owns its listeners and the sound, until it leaves. */
export class Call {
  readonly #options: CallOptions;
  readonly #audio: BotAudio;
  readonly #unlisten: () => void;
  #left = false;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#audio = new BotAudio((blocked) =>
      options.emit(
        blocked
          ? { type: "notice", notice: { kind: "sound-blocked" } }
          : { type: "notice-over", kind: "sound-blocked" },
      ),
    );
    this.#unlisten = listen({
      ...options,
      track: (change, track) => (change === "started" ? this.#audio.add(track) : this.#audio.remove(track)),
    });
  }

  /** Loads Daily's code and opens the microphone, before a session is asked for: a refusal then costs nothing. */
  async openDevice(): Promise<void> {
    const { pipecat } = this.#options.client;
    if (pipecat.mediaState.mic.state === "granted") return;
    let cause: unknown;
    const opened = await pipecat.initDevices().then(
      () => true,
      (error: unknown) => {
        cause = error;
        return false;
      },
    );
    const { mic } = pipecat.mediaState;
    // A client that could not even try calls the microphone's error "unknown".
    if (!opened && (mic.state !== "error" || mic.reason === "unknown")) {
      throw new FailureError({ kind: "daily-unloadable" }, { cause });
    }
    if (mic.state === "error") throw new FailureError({ kind: "microphone", reason: mic.reason }, { cause });
  }

  /** The first half of `startBotAndConnect`: what comes back is kept before anybody joins. */
  async start(server: Server, language: Language, timeoutMs: number): Promise<Started> {
    const reply = await this.#options.client.pipecat.startBot({
      endpoint: `${server.url}/api/rtvi/start`,
      headers: new Headers(authorization(server.token)),
      requestData: { user: { locale: language } },
      timeout: timeoutMs,
    });
    const started = Started.safeParse(reply);
    if (!started.success) throw new FailureError({ kind: "unexpected-reply" }, { cause: started.error });
    return started.data;
  }

  /** Settles when the bot says that it is ready, or when the join has failed. */
  async join({ roomUrl, token }: Credentials): Promise<void> {
    const { client } = this.#options;
    const { pipecat } = client;
    // The transport starts these with the devices, which happens once, but stops them with every call.
    pipecat.once("connected", () => void startLevels(client).catch(() => undefined));
    await pipecat.connect({ room_url: roomUrl, token }).catch((cause: unknown) => {
      const detail = cause instanceof Error ? cause.message : "";
      throw new FailureError({ kind: "daily", detail }, { cause });
    });
  }

  setMuted(muted: boolean): void {
    if (!this.#left) this.#options.client.pipecat.enableMic(!muted);
  }

  /** Resolves when the bot has agreed. */
  async setPushToTalk(active: boolean): Promise<void> {
    await this.#options.client.pipecat.sendClientRequest("push-to-talk", { active });
  }

  setPressed(pressed: boolean): void {
    const { pipecat } = this.#options.client;
    if (!this.#left && pipecat.state === "ready") pipecat.sendClientMessage("talk", { pressed });
  }

  /** Idempotent in effect. Never rejects. */
  async leave(): Promise<{ reusable: boolean }> {
    const { pipecat } = this.#options.client;
    if (this.#left) return { reusable: false };
    this.#left = true;
    this.#unlisten();
    this.#audio.close();
    const leave = () => pipecat.disconnect().catch(() => undefined);
    // A step under way goes on after a disconnect, and would leave the microphone on.
    const onState = (state: string) => {
      if (REVIVED.includes(state)) void leave();
    };
    pipecat.on("transportStateChanged", onState);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const inTime = await Promise.race([
      leave().then(() => true),
      new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), LEAVE_TIMEOUT_MS);
      }),
    ]);
    clearTimeout(timer);
    const reusable = inTime && (pipecat.state === "disconnected" || pipecat.state === "disconnecting");
    if (reusable) pipecat.off("transportStateChanged", onState);
    return { reusable };
  }
}

/** The meters stay at zero where this fails, which is all that is lost. */
async function startLevels({ call }: VoiceClient): Promise<void> {
  if (!call.isLocalAudioLevelObserverRunning()) await call.startLocalAudioLevelObserver(LEVEL_INTERVAL_MS);
  if (!call.isRemoteParticipantsAudioLevelObserverRunning()) {
    await call.startRemoteParticipantsAudioLevelObserver(LEVEL_INTERVAL_MS);
  }
}
