import type { Language } from "../../protocol/languages.ts";
import { BotAudio } from "./bot-audio.ts";
import { listenToCall } from "./call-listeners.ts";
import type { Client } from "./client.ts";
import type { EdgeApi } from "./edge-api.ts";
import type { LogKind } from "./event-log.ts";
import { asFailure, type Failure, FailureError } from "./failure.ts";
import { Started } from "./messages.ts";
import type { CallEnd, CallEvent } from "./state.ts";

export interface CallOptions {
  client: Client;
  api: Pick<EdgeApi, "stop">;
  startUrl: URL;
  /** Of the start request. */
  headers: Record<string, string>;
  language: Language;
  /** Who the assistant is to be, for its instruction; empty for the service's own choice. */
  persona: string;
  /** Whether the caller is heard from the start. */
  microphoneOpen: boolean;
  /** The microphone to use; `undefined` for the browser's choice. */
  microphoneId: string | undefined;
  /** What says that it is `online` or `offline`: the window. */
  device: EventTarget;
  /** Told what happens, in order; nothing after `ended`, which comes exactly once. */
  emit(event: CallEvent): void;
  /** Daily's audio levels, 0 to 1, ten times a second. */
  level(side: "user" | "assistant", level: number): void;
  /** Everything that happens, for the log. */
  trace(kind: LogKind, name: string, data?: unknown): void;
}

/** The service gives itself about 11 s for room and bot host. A session it starts after this is never joined, and ends. */
const START_TIMEOUT_MS = 20_000;
/** From the reply to the bot's `bot-ready`. The client itself would wait for ever. */
const READY_TIMEOUT_MS = 20_000;
/** Leaving is one message to Daily. After this the client is given up. */
const LEAVE_TIMEOUT_MS = 5_000;
const LEVEL_INTERVAL_MS = 100;

/** After these nobody promises the state of Daily's call object. After the others it has just left, or never joined. */
const SPOILS: ReadonlySet<Failure["kind"]> = new Set([
  "daily",
  "daily-unloadable",
  "ready-timeout",
  "unknown",
]);

/** A client that leaves twice, once by itself and once for us, says "disconnecting" for ever, which hinders nothing. */
const LEFT: readonly string[] = ["disconnected", "disconnecting"];

/** States that a client reaches by a step that was under way when the call ended. */
const REVIVED: readonly string[] = ["initialized", "authenticated", "connected", "ready"];

/** One call, from the microphone to its end. It owns its listeners, its timer and the sound. */
export class Call {
  /** After the end: whether the client has left and can be used for another call. Never rejects. */
  readonly done: Promise<{ reusable: boolean }>;
  readonly #options: CallOptions;
  readonly #audio: BotAudio;
  readonly #cleanups: (() => void)[] = [];
  readonly #finish: (end: CallEnd) => void;
  #phase: "starting" | "connecting" | "live" | "over" = "starting";
  #microphoneOpen: boolean;
  #microphoneId: string | undefined;
  /** Before this the browser has not been asked yet, and muting would keep it from asking. */
  #hasMicrophone = false;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#microphoneOpen = options.microphoneOpen;
    this.#microphoneId = options.microphoneId;
    this.#audio = new BotAudio((blocked) =>
      options.emit(
        blocked
          ? { type: "notice", notice: { kind: "sound-blocked" } }
          : { type: "notice-over", kind: "sound-blocked" },
      ),
    );
    let finish: (end: CallEnd) => void = () => undefined;
    const ended = new Promise<CallEnd>((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
    this.#cleanups.push(this.#listen());
    const steps = this.#run();
    this.done = ended.then((end) => this.#leave(end, steps));
  }

  /** Idempotent. */
  hangUp(): void {
    this.#end({ by: "user" });
  }

  /** Whether the caller is heard. May be called at any time. */
  setMicrophoneOpen(open: boolean): void {
    this.#microphoneOpen = open;
    if (this.#hasMicrophone && !this.#isOver) this.#options.client.pipecat.enableMic(open);
  }

  /** Which microphone is used. May be called at any time. */
  chooseMicrophone(id: string): void {
    this.#microphoneId = id;
    if (this.#hasMicrophone && !this.#isOver) this.#applyMicrophone();
  }

  #applyMicrophone(): void {
    const { pipecat } = this.#options.client;
    const id = this.#microphoneId;
    if (id !== undefined && pipecat.selectedMic.deviceId !== id) pipecat.updateMic(id);
  }

  /** The phase may have changed during any `await`. */
  get #isOver(): boolean {
    return this.#phase === "over";
  }

  async #run(): Promise<void> {
    const { client, api, startUrl, headers, language, persona, emit } = this.#options;
    try {
      await this.#openMicrophone();
      if (this.#isOver) return;
      this.#hasMicrophone = true;
      this.#applyMicrophone();
      client.pipecat.enableMic(this.#microphoneOpen);
      emit({ type: "microphone-ready" });

      // The two halves of `startBotAndConnect`: it would go on into the room after a hang-up during the request.
      const reply = await client.pipecat.startBot({
        endpoint: startUrl,
        headers: new Headers(headers),
        requestData: { user: { locale: language }, ...(persona === "" ? {} : { metadata: { persona } }) },
        timeout: START_TIMEOUT_MS,
      });
      const started = Started.safeParse(reply);
      if (!started.success) throw new FailureError({ kind: "unexpected-reply" }, { cause: started.error });
      const { sessionId } = started.data;
      if (this.#isOver) {
        // Should this fail, the session still ends by itself, since nobody joins it.
        await api.stop(sessionId).catch(() => undefined);
        return;
      }
      this.#phase = "connecting";
      emit({ type: "session-started", sessionId });

      this.#setDeadline(READY_TIMEOUT_MS, { kind: "ready-timeout" });
      await client.pipecat.connect(reply).catch((cause: unknown) => {
        const detail = cause instanceof Error ? cause.message : "";
        throw new FailureError({ kind: "daily", type: undefined, detail }, { cause });
      });
    } catch (error) {
      // Once it is over, this is the end's own echo: a request or a join that was broken off.
      this.#fail(asFailure(error));
    }
  }

  /** Before the session is asked for, so that a refused microphone costs nothing. Waits as long as the person does. */
  async #openMicrophone(): Promise<void> {
    const { pipecat } = this.#options.client;
    if (pipecat.mediaState.mic.state === "granted") return;
    // A client that begins muted would not ask for the microphone, and be refused in the middle of a sentence.
    pipecat.enableMic(true);
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

  #setDeadline(ms: number, failure: Failure): void {
    const timer = setTimeout(() => {
      if (this.#phase === "connecting") this.#fail(failure);
    }, ms);
    this.#cleanups.push(() => clearTimeout(timer));
  }

  #fail(failure: Failure): void {
    this.#end({ by: "failure", failure });
  }

  #end(end: CallEnd): void {
    if (this.#isOver) return;
    this.#phase = "over";
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#audio.close();
    this.#options.emit({ type: "ended", end });
    this.#finish(end);
  }

  /** @param steps settles when no step of the client is under way any more, which may be never. */
  async #leave(end: CallEnd, steps: Promise<void>): Promise<{ reusable: boolean }> {
    const { pipecat } = this.#options.client;
    const leave = () => pipecat.disconnect().catch(() => undefined);
    // A step under way goes on after a disconnect, and would leave the microphone on.
    const onState = (state: string) => {
      if (REVIVED.includes(state)) void leave();
    };
    pipecat.on("transportStateChanged", onState);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const inTime = await Promise.race([
      Promise.all([leave(), steps]).then(() => true),
      new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), LEAVE_TIMEOUT_MS);
      }),
    ]);
    clearTimeout(timer);
    const reusable =
      inTime && LEFT.includes(pipecat.state) && !(end.by === "failure" && SPOILS.has(end.failure.kind));
    if (reusable) pipecat.off("transportStateChanged", onState);
    return { reusable };
  }

  #listen(): () => void {
    const { client, device, emit, level, trace } = this.#options;
    return listenToCall({
      ...{ client, device, emit, level, trace },
      track: (change, track) => (change === "started" ? this.#audio.add(track) : this.#audio.remove(track)),
      audible: () => !this.#audio.isBlocked,
      isLive: () => this.#phase === "live",
      connected: () => void this.#startLevels(),
      ready: () => {
        if (this.#phase === "connecting") this.#phase = "live";
      },
      left: () => {
        // Before there is a session, a rejected step tells more than the disconnect that comes with it.
        if (this.#phase !== "starting") this.#end({ by: "assistant" });
      },
      fail: (failure) => this.#fail(failure),
    });
  }

  /** The transport starts these with the devices, which happens once, but stops them with every call. */
  async #startLevels(): Promise<void> {
    const { daily } = this.#options.client;
    try {
      if (!daily.isLocalAudioLevelObserverRunning()) {
        await daily.startLocalAudioLevelObserver(LEVEL_INTERVAL_MS);
      }
      if (!daily.isRemoteParticipantsAudioLevelObserverRunning()) {
        await daily.startRemoteParticipantsAudioLevelObserver(LEVEL_INTERVAL_MS);
      }
    } catch {
      // The meters stay at zero, which is all that is lost.
    }
  }
}
