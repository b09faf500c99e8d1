import { GoogleGenAI, type Session } from "@google/genai";
import { INPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import { GuardedSocket, type SdkCallbacks, type SocketEvents } from "./guarded-socket.ts";
import { liveConfig } from "./live-config.ts";
import { type LiveConnect, LiveConnectError, type LiveConnection, type LiveEvents } from "./live-connect.ts";
import { encodePcm } from "./pcm.ts";

/** Handshake and setup together. Measured: well below 1 s; the SDK itself would wait for ever. */
const CONNECT_DEADLINE_MS = 10_000;
/** The SDK's default is v1, for which the Live API's fields are not documented. */
const API_VERSION = "v1beta";
/** What may be on its way to Gemini: about 5 s of audio. Beyond it the peer does not read, and audio is left out. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** A peer that has read nothing of a full buffer for so long is dead. */
const STALLED_MS = 5_000;

export interface GoogleLiveOptions {
  apiKey: string;
  /** Of the emulator, or a proxy: `http:` or `https:`. Google's own when absent. */
  baseUrl?: string;
  connectDeadlineMs?: number;
  maxBufferedBytes?: number;
}

/** Conversations by `@google/genai`, with its traps closed: see `GuardedSocket` and `LiveConnection`. */
export function createGoogleLiveConnect(options: GoogleLiveOptions): LiveConnect {
  const { apiKey, connectDeadlineMs = CONNECT_DEADLINE_MS } = options;
  return async (setup, events, signal) => {
    if (signal.aborted) throw new LiveConnectError("aborted", "The session ended before it was connected.");
    const live = new LiveSocketOwner(events, options.maxBufferedBytes ?? MAX_BUFFERED_BYTES);
    const client = createClient(options, (url, headers, callbacks) => live.open(url, headers, callbacks));
    let tooLate = false;
    const deadline = setTimeout(() => {
      tooLate = true;
      live.close();
    }, connectDeadlineMs);
    const abort = () => live.close();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const session = await client.live.connect({
        model: setup.model,
        config: liveConfig(setup),
        callbacks: { onmessage: () => {} },
      });
      return live.become(session);
    } catch (cause) {
      live.close();
      if (signal.aborted) throw new LiveConnectError("aborted", "The session ended before it was connected.");
      if (tooLate) {
        throw new LiveConnectError(
          "deadline",
          `Gemini did not accept the setup within ${connectDeadlineMs} ms.`,
        );
      }
      throw new LiveConnectError("refused", withoutKey(messageOf(cause), apiKey));
    } finally {
      clearTimeout(deadline);
      signal.removeEventListener("abort", abort);
    }
  };
}

type OpenSocket = (url: string, headers: Record<string, string>, callbacks: SdkCallbacks) => GuardedSocket;

/** One client per connection: the socket factory belongs to the client, and each connection needs its own socket. */
function createClient({ apiKey, baseUrl }: GoogleLiveOptions, create: OpenSocket): GoogleGenAI {
  const client = new GoogleGenAI({
    apiKey,
    httpOptions: { apiVersion: API_VERSION, ...(baseUrl ? { baseUrl } : {}) },
  });
  // The SDK has no public way to its socket. The property is private in its types only; should a later version
  // call it otherwise, this says so at once instead of running unguarded.
  const live = client.live as unknown as { webSocketFactory?: { create: OpenSocket } };
  if (typeof live.webSocketFactory?.create !== "function") {
    throw new Error("This version of @google/genai keeps its socket factory elsewhere.");
  }
  live.webSocketFactory = { create };
  return client;
}

/** `connecting → live → over`. What happens before `live` is `connect`'s to tell, after `over` nobody's. */
type Phase = { kind: "connecting" } | { kind: "live"; session: Session } | { kind: "over" };

/** Owns the one socket of a connection, from the handshake to its end. */
class LiveSocketOwner implements LiveConnection {
  readonly #events: LiveEvents;
  readonly #maxBufferedBytes: number;
  #phase: Phase = { kind: "connecting" };
  #socket: GuardedSocket | undefined;
  /** Since when nothing more could be sent, in epoch milliseconds. */
  #fullSince: number | undefined;

  constructor(events: LiveEvents, maxBufferedBytes: number) {
    this.#events = events;
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  open(url: string, headers: Record<string, string>, callbacks: SdkCallbacks): GuardedSocket {
    const events: SocketEvents = {
      message: (message) => {
        if (this.#phase.kind !== "over") this.#events.message(message);
      },
      malformed: (detail) => {
        if (this.#phase.kind !== "over") this.#events.malformed(detail);
      },
      closed: (code, reason) => this.#end({ kind: "closed", code, reason }),
    };
    this.#socket = new GuardedSocket({ url, headers, callbacks, events });
    return this.#socket;
  }

  /** @throws Error when the socket closed in the very moment of success: nobody would ever tell that end. */
  become(session: Session): LiveConnection {
    if (this.#phase.kind !== "connecting") throw new Error("The connection closed right after its setup.");
    this.#phase = { kind: "live", session };
    return this;
  }

  sendAudio(pcm: Int16Array): boolean {
    if (this.#phase.kind !== "live" || !this.#hasSpace()) return false;
    this.#phase.session.sendRealtimeInput({
      audio: { data: encodePcm(pcm), mimeType: `audio/pcm;rate=${INPUT_SAMPLE_RATE}` },
    });
    return true;
  }

  sendAudioPause(): void {
    if (this.#phase.kind === "live") this.#phase.session.sendRealtimeInput({ audioStreamEnd: true });
  }

  sendText(text: string): void {
    if (this.#phase.kind !== "live") return;
    this.#phase.session.sendClientContent({
      turns: [{ role: "user", parts: [{ text }] }],
      turnComplete: true,
    });
  }

  close(): void {
    this.#phase = { kind: "over" };
    this.#socket?.close();
  }

  #hasSpace(): boolean {
    const bufferedBytes = this.#socket?.bufferedBytes ?? 0;
    if (bufferedBytes <= this.#maxBufferedBytes) {
      this.#fullSince = undefined;
      return true;
    }
    this.#fullSince ??= Date.now();
    if (Date.now() - this.#fullSince >= STALLED_MS) this.#end({ kind: "stalled", bufferedBytes });
    return false;
  }

  #end(end: Parameters<LiveEvents["ended"]>[0]): void {
    const wasLive = this.#phase.kind === "live";
    this.close();
    if (wasLive) this.#events.ended(end);
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The key stands in the URL, and some errors quote that. */
function withoutKey(text: string, apiKey: string): string {
  return text.replaceAll(apiKey, "<key>").replaceAll(encodeURIComponent(apiKey), "<key>");
}
