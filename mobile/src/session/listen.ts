import type { RTVIEvents } from "@pipecat-ai/client-js";
import type { z } from "zod";
import type { ConnectionEvent } from "../connection/state.ts";
import type { TranscriptEvent } from "../transcript/transcript.ts";
import type { CallObjectEvent, VoiceClient } from "./client.ts";
import {
  AppMessage,
  BotError,
  BotNotice,
  BotOutput,
  DailyError,
  DailyNetwork,
  RTVI_LABEL,
  UserTranscript,
} from "./messages.ts";
import type { Side } from "./speaker.ts";

/** What happens in a call, for whoever keeps the state. */
export type CallEvent =
  | ConnectionEvent
  | TranscriptEvent
  | { readonly type: "speaking"; readonly side: Side; readonly speaking: boolean }
  | { readonly type: "notice"; readonly notice: Notice }
  | { readonly type: "notice-over"; readonly kind: Notice["kind"] };

/** Something to know while the call goes on. Of each kind there is one at a time. */
export type Notice =
  /** The browser plays nothing until somebody touches the page. */
  | { readonly kind: "sound-blocked" }
  | { readonly kind: "microphone" }
  /** The assistant does not answer any more, by its own word. */
  | { readonly kind: "assistant-mute" }
  /** The assistant's model is back, and does not know what was said before. */
  | { readonly kind: "memory-lost" }
  /** Without a notification Android ends the call when the app is left. */
  | { readonly kind: "no-background" }
  | { readonly kind: "assistant-error"; readonly detail: string };

export interface ListenOptions {
  readonly client: VoiceClient;
  emit(event: CallEvent): void;
  level(side: Side, level: number): void;
  trace(name: string, detail?: string): void;
  track(change: "started" | "stopped", track: MediaStreamTrack): void;
}

/**
 * A model that is back within this was hardly away: the bot makes its connection anew with every change of turns, which
 * takes up to a second.
 */
export const AWAY_GRACE_MS = 1_200;

/** The session is over by the service's hand: its time is up, or it was ended elsewhere. The record says which. */
const ENDED_BY_SERVICE: ReadonlySet<string> = new Set(["ejected", "exp-room", "exp-token", "no-room"]);

type On = <Name extends keyof RTVIEvents>(event: Name, listener: Required<RTVIEvents>[Name]) => void;

/** Passes on what the client and Daily tell. Returns what ends that. */
export function listen(options: ListenOptions): () => void {
  const { pipecat } = options.client;
  const cleanups: (() => void)[] = [];
  const on: On = (event, listener) => {
    pipecat.on(event, listener);
    cleanups.push(() => pipecat.off(event, listener));
  };
  listenToProgress(options, on);
  listenToWords(options, on);
  cleanups.push(listenToAssistant(options, on));
  listenToTrouble(options, on);
  cleanups.push(...listenToDaily(options));
  return () => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
}

function listenToProgress({ client, emit, level, trace, track }: ListenOptions, on: On): void {
  /** Who else is in the room: while a lost bot is replaced, the next one may come before the last is gone. */
  const bots = new Set<string>();
  on("transportStateChanged", (state) => trace("transport", state));
  on("connected", () => emit({ type: "joined" }));
  on("botConnected", ({ id }) => {
    trace("bot joined", id);
    const isFirst = bots.size === 0;
    bots.add(id);
    // The first is told by the client. It tells nobody who comes later.
    if (!isFirst || client.pipecat.state === "ready") client.sendReady();
  });
  on("botDisconnected", ({ id }) => {
    trace("bot left", id);
    bots.delete(id);
    if (bots.size === 0) emit({ type: "bot-left" });
  });
  on("botReady", () => emit({ type: "bot-ready" }));
  on("disconnected", () => emit({ type: "call-lost", failure: { kind: "network" } }));
  on("localAudioLevel", (value) => level("user", value));
  on("remoteAudioLevel", (value) => level("assistant", value));
  on("trackStarted", (media, participant) => {
    if (media.kind === "audio" && participant && !participant.local) track("started", media);
  });
  on("trackStopped", (media) => track("stopped", media));
  on("micUpdated", (microphone) => {
    // None, when the last one was pulled out: then there is no `deviceId`.
    const found: Partial<MediaDeviceInfo> = microphone ?? {};
    if (found.deviceId) emit({ type: "notice-over", kind: "microphone" });
  });
}

function listenToWords({ emit, trace }: ListenOptions, on: On): void {
  /** A message that does not fit is passed over; the log has its type. */
  const parse = <Output>(type: string, schema: z.ZodType<Output>, data: unknown): Output | undefined => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return parsed.data;
    trace("unreadable", type);
    return undefined;
  };
  on("userStartedSpeaking", () => {
    emit({ type: "speaking", side: "user", speaking: true });
    emit({ type: "user-started-speaking" });
  });
  on("userStoppedSpeaking", () => emit({ type: "speaking", side: "user", speaking: false }));
  on("botStartedSpeaking", () => emit({ type: "speaking", side: "assistant", speaking: true }));
  on("botStoppedSpeaking", () => {
    emit({ type: "speaking", side: "assistant", speaking: false });
    emit({ type: "bot-stopped-speaking" });
  });
  on("botLlmStarted", () => emit({ type: "answer-started" }));
  on("userTranscript", (data) => {
    const said = parse("user-transcription", UserTranscript, data);
    if (said) emit({ type: said.final ? "user-said" : "user-saying", text: said.text });
  });
  on("botOutput", (data) => {
    const output = parse("bot-output", BotOutput, data);
    if (output) emit({ type: "bot-output", output });
  });
}

/** What the bot says of itself. Returns what ends its timer. */
function listenToAssistant({ emit, trace }: ListenOptions, on: On): () => void {
  let away: ReturnType<typeof setTimeout> | undefined;
  on("serverMessage", (data: unknown) => {
    const notice = BotNotice.parse(data);
    if (!notice) return;
    trace("assistant", notice.kind);
    switch (notice.kind) {
      case "away":
        clearTimeout(away);
        away = setTimeout(() => emit({ type: "assistant-away" }), AWAY_GRACE_MS);
        return;
      case "cut":
        emit({ type: "answer-interrupted" });
        return;
      case "mute":
        emit({ type: "notice", notice: { kind: "assistant-mute" } });
        return;
      case "back":
        clearTimeout(away);
        emit({ type: "assistant-back" });
        emit({ type: "notice-over", kind: "assistant-mute" });
        if (notice.memory === "lost") emit({ type: "notice", notice: { kind: "memory-lost" } });
    }
  });
  // What a bot that is gone said of itself is over with it.
  on("botDisconnected", () => clearTimeout(away));
  return () => clearTimeout(away);
}

function listenToTrouble({ client, emit, trace }: ListenOptions, on: On): void {
  const { pipecat } = client;
  on("error", (message) => {
    // Only what a bot says: errors of the start reject it, and Daily's own come from Daily, with their type.
    if (message.type !== "error" || pipecat.state === "error") return;
    const { detail, fatal } = BotError.catch({ detail: "", fatal: false }).parse(message.data);
    trace("bot error", fatal ? "fatal" : "not fatal");
    emit(
      fatal
        ? { type: "failed", failure: { kind: "assistant", detail } }
        : { type: "notice", notice: { kind: "assistant-error", detail } },
    );
  });
  on("deviceError", ({ devices, type }) => {
    trace("device error", `${devices.join(" ")} ${type}`);
    // While the device is made ready, whoever does that hears of it as a rejection.
    if (devices.includes("mic") && pipecat.connected)
      emit({ type: "notice", notice: { kind: "microphone" } });
  });
}

/** What the client does not pass on: the type of an error, the state of the network, and what it does not know. */
function listenToDaily({ client, emit, trace }: ListenOptions): (() => void)[] {
  /** Signalling and sound go their own ways, and each says only that it is back itself. */
  const interrupted = new Set<"signalling" | "sound">();
  const listeners: Readonly<Record<CallObjectEvent, (event?: unknown) => void>> = {
    "app-message": (event) => {
      const message = AppMessage.safeParse(dataOf(event));
      if (!message.success || message.data.label !== RTVI_LABEL) return;
      if (message.data.type === "bot-interrupted") emit({ type: "answer-interrupted" });
    },
    error: (event) => {
      const { error, errorMsg } = DailyError.catch({ errorMsg: "" }).parse(event);
      trace("daily error", error?.type);
      if (error?.details?.on === "load") emit({ type: "failed", failure: { kind: "daily-unloadable" } });
      else if (error && ENDED_BY_SERVICE.has(error.type)) emit({ type: "service-ended" });
      else {
        const failure = { kind: "daily", type: error?.type, detail: errorMsg } as const;
        emit({ type: error?.type === "connection-error" ? "call-lost" : "failed", failure });
      }
    },
    "network-connection": (event) => {
      const change = DailyNetwork.safeParse(event);
      if (!change.success) return;
      trace("network", `${change.data.type} ${change.data.event}`);
      // Between participants the sound may change from a direct way to one by a server: either is the sound's.
      const way = change.data.type === "signaling" ? "signalling" : "sound";
      if (change.data.event === "interrupted") {
        interrupted.add(way);
        emit({ type: "network-lost" });
      }
      if (change.data.event === "connected" && interrupted.delete(way) && interrupted.size === 0) {
        emit({ type: "network-back" });
      }
    },
  };
  const events: CallObjectEvent[] = ["app-message", "error", "network-connection"];
  for (const event of events) client.call.on(event, listeners[event]);
  return events.map((event) => () => client.call.off(event, listeners[event]));
}

function dataOf(event: unknown): unknown {
  return typeof event === "object" && event !== null && "data" in event ? event.data : undefined;
}
