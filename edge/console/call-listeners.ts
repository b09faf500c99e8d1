import type { RTVIEvents } from "@pipecat-ai/client-js";
import type { z } from "zod";
import type { Client } from "./client.ts";
import type { LogKind } from "./event-log.ts";
import type { Failure } from "./failure.ts";
import {
  AppMessage,
  BotError,
  BotOutput,
  BotText,
  DailyError,
  Metrics,
  RTVI_LABEL,
  UserTranscript,
} from "./messages.ts";
import type { CallEvent } from "./state.ts";

export interface ListenOptions {
  client: Client;
  /** What says that it is `online` or `offline`: the window. */
  device: EventTarget;
  emit(event: CallEvent): void;
  /** Daily's audio levels, 0 to 1, ten times a second. */
  level(side: "user" | "assistant", level: number): void;
  /** Everything, for the log. */
  trace(kind: LogKind, name: string, data?: unknown): void;
  /** The assistant's track came or went. */
  track(change: "started" | "stopped", track: MediaStreamTrack): void;
  /** Whether sound of the assistant can be heard now. */
  audible(): boolean;
  isLive(): boolean;
  /** In the room. */
  connected(): void;
  ready(): void;
  left(): void;
  fail(failure: Failure): void;
}

/** Remote level from which there is something to hear: above the rounding of silence, below any speech. */
const HEARD_LEVEL = 0.01;

/** Listens to one client for the time of one call. @returns what ends it. */
export function listenToCall(options: ListenOptions): () => void {
  const listening = new AbortController();
  const { pipecat } = options.client;
  const on = <Name extends keyof RTVIEvents>(event: Name, listener: Required<RTVIEvents>[Name]): void => {
    pipecat.on(event, listener);
    listening.signal.addEventListener("abort", () => pipecat.off(event, listener), { once: true });
  };
  listenToProgress(options, on);
  listenToWords(options, on);
  listenToTrouble(options, on);
  listenToDaily(options, listening.signal);
  listenToDevice(options, listening.signal);
  return () => listening.abort();
}

type On = <Name extends keyof RTVIEvents>(event: Name, listener: Required<RTVIEvents>[Name]) => void;

function listenToProgress(options: ListenOptions, on: On): void {
  const { emit, level, trace, track } = options;
  let heard = false;
  on("transportStateChanged", (state) => trace("page", `transport ${state}`));
  on("connected", () => {
    emit({ type: "connected" });
    options.connected();
  });
  on("botReady", () => {
    options.ready();
    emit({ type: "bot-ready" });
  });
  on("disconnected", () => options.left());
  on("localAudioLevel", (value) => level("user", value));
  on("remoteAudioLevel", (value) => {
    level("assistant", value);
    if (heard || value < HEARD_LEVEL || !options.audible()) return;
    heard = true;
    emit({ type: "assistant-heard" });
  });
  on("trackStarted", (media, participant) => {
    if (media.kind === "audio" && participant && !participant.local) track("started", media);
  });
  on("trackStopped", (media) => track("stopped", media));
  on("micUpdated", (microphone) => {
    // None, when the last one was pulled out: then there is no `deviceId`.
    const found: Partial<MediaDeviceInfo> = microphone;
    trace("device", "microphone", { label: found.label });
    if (found.deviceId) emit({ type: "notice-over", kind: "microphone" });
  });
}

function listenToWords({ emit, trace }: ListenOptions, on: On): void {
  /** A message that does not fit is shown as such, by its type only, and otherwise passed over. */
  const parse = <Schema extends z.ZodType>(type: string, schema: Schema, data: unknown) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return parsed.data;
    trace("page", "unreadable", { type });
    emit({ type: "notice", notice: { kind: "unreadable", messageType: type } });
    return undefined;
  };
  on("userStartedSpeaking", () => emit({ type: "user-started-speaking" }));
  on("userStoppedSpeaking", () => emit({ type: "user-stopped-speaking" }));
  on("botStartedSpeaking", () => emit({ type: "bot-started-speaking" }));
  on("botStoppedSpeaking", () => emit({ type: "bot-stopped-speaking" }));
  on("botLlmStarted", () => emit({ type: "answer-started" }));
  on("userTranscript", (data) => {
    const said = parse("user-transcription", UserTranscript, data);
    if (said) emit({ type: said.final ? "user-said" : "user-saying", text: said.text });
  });
  on("botOutput", (data) => {
    const output = parse("bot-output", BotOutput, data);
    if (output) emit({ type: "bot-output", output });
  });
  on("botLlmText", (data) => {
    const said = parse("bot-llm-text", BotText, data);
    if (said) emit({ type: "bot-llm-text", text: said.text });
  });
  on("metrics", (data) => {
    const ms = parse("metrics", Metrics, data)?.ttfbMs;
    if (ms !== undefined) emit({ type: "bot-ttfb", ms });
  });
}

function listenToTrouble({ client, emit, trace, fail, isLive }: ListenOptions, on: On): void {
  const { pipecat } = client;
  on("error", (message) => {
    // Only what a bot says: errors of the start reject it, and Daily's own come from Daily, with their type.
    if (message.type !== "error" || pipecat.state === "error") return;
    const error = BotError.safeParse(message.data);
    if (!error.success) {
      emit({ type: "notice", notice: { kind: "unreadable", messageType: "error" } });
    } else if (error.data.fatal) {
      fail({ kind: "assistant", detail: error.data.detail });
    } else {
      emit({ type: "notice", notice: { kind: "assistant-error", detail: error.data.detail } });
    }
  });
  on("deviceError", ({ devices, type }) => {
    trace("device", "error", { devices, type });
    if (!devices.includes("mic")) return;
    if (isLive()) return emit({ type: "notice", notice: { kind: "microphone" } });
    const { mic } = pipecat.mediaState;
    fail({ kind: "microphone", reason: mic.state === "error" ? mic.reason : "unknown" });
  });
}

/** What the client does not pass on: every message as it came, the type of an error, the state of the network. */
function listenToDaily({ client, emit, trace, fail }: ListenOptions, signal: AbortSignal): void {
  const { daily } = client;
  const onMessage = ({ data }: { data: unknown }) => {
    const message = AppMessage.safeParse(data);
    if (!message.success || message.data.label !== RTVI_LABEL) return;
    trace("assistant", message.data.type, message.data.data);
    if (message.data.type === "bot-interrupted") emit({ type: "answer-interrupted" });
  };
  const onError = (event: { errorMsg: string }) => {
    const error = DailyError.safeParse(event).data?.error;
    trace("network", "error", { type: error?.type, text: event.errorMsg });
    fail(
      error?.details?.on === "load"
        ? { kind: "daily-unloadable" }
        : { kind: "daily", type: error?.type, detail: event.errorMsg },
    );
  };
  /** Signalling and sound go their own ways, and each says only that it is back itself. */
  const interrupted = new Set<"signalling" | "sound">();
  const onNetwork = ({ type, event }: { type: string; event: string }) => {
    trace("network", event, { type });
    // Between participants the sound may change from a direct way to one by a server: either is the sound's.
    const way = type === "signaling" ? "signalling" : "sound";
    if (event === "interrupted") {
      interrupted.add(way);
      emit({ type: "notice", notice: { kind: "network" } });
    }
    if (event === "connected" && interrupted.delete(way) && interrupted.size === 0) {
      emit({ type: "notice-over", kind: "network" });
    }
  };
  daily.on("app-message", onMessage);
  daily.on("error", onError);
  daily.on("network-connection", onNetwork);
  const stop = () => {
    daily.off("app-message", onMessage);
    daily.off("error", onError);
    daily.off("network-connection", onNetwork);
  };
  signal.addEventListener("abort", stop, { once: true });
}

function listenToDevice({ device, emit, trace }: ListenOptions, signal: AbortSignal): void {
  const onOffline = () => {
    trace("network", "offline");
    emit({ type: "notice", notice: { kind: "offline" } });
  };
  const onOnline = () => {
    trace("network", "online");
    emit({ type: "notice-over", kind: "offline" });
  };
  device.addEventListener("offline", onOffline, { signal });
  device.addEventListener("online", onOnline, { signal });
}
