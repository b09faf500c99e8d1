import { GoogleGenAI, type Session } from "@google/genai";
import { WebSocket } from "ws";
import {
  GuardedSocket,
  type RawSocket,
  type SdkCallbacks,
  type SocketEvents,
  type SocketFactory,
} from "./guarded-socket.ts";
import { liveConfig, withInitialHistory } from "./live-config.ts";
import {
  type ConnectFailure,
  type LiveConnect,
  LiveConnectError,
  type LiveConnection,
  type LiveEnd,
  type LiveEvents,
  type ToolResult,
  type Turn,
} from "./live-connect.ts";
import { encodePcm } from "./pcm.ts";

/** Handshake and setup together. Measured: well below 1 s; the SDK itself would wait for ever. */
const CONNECT_DEADLINE_MS = 10_000;
/** The SDK's default is v1, for which the Live API's fields are not documented. */
const API_VERSION = "v1beta";
const VERTEX_API_VERSION = "v1beta1";
/** What may be on its way to Gemini: about 5 s of audio. Beyond it the peer does not read, and audio is left out. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** A peer that has read nothing of a full buffer for so long is dead. */
const STALLED_MS = 5_000;
/** Far above any message of Gemini's (a chunk of audio is 16 kB); what is larger closes the connection. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const INPUT_MIME_TYPE = "audio/pcm;rate=16000";

/** Where the model is, and who pays. */
export type GoogleAccount =
  /** The Gemini API. */
  | { apiKey: string }
  /**
   * Vertex AI. Without `accessToken` the account is the machine's own (Application Default Credentials: the
   * variable GOOGLE_APPLICATION_CREDENTIALS, gcloud's login, the metadata server).
   */
  | { project: string; location: string; accessToken?: string };

export type GoogleLiveOptions = GoogleAccount & {
  /** Of the emulator, or a proxy: `http:` or `https:`. Google's own when absent. */
  baseUrl?: string;
  connectDeadlineMs?: number;
  maxBufferedBytes?: number;
  /** Sockets of `ws` when absent. */
  openSocket?: SocketFactory;
};

/** Connections by `@google/genai`, with its traps closed: see `GuardedSocket` and `LiveConnection`. */
export function createGoogleLiveConnect(options: GoogleLiveOptions): LiveConnect {
  const { connectDeadlineMs = CONNECT_DEADLINE_MS, openSocket = openWebSocket } = options;
  const secrets = secretsOf(options);
  const createClient = clientFactory(options);
  const vertex = "project" in options;
  const connect: LiveConnect = async (setup, events, signal) => {
    if (signal.aborted) throw aborted();
    const live = new LiveSocketOwner(events, {
      maxBufferedBytes: options.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
      initialHistory: setup.initialHistory ?? false,
      clean: (text) => withoutSecrets(text, secrets),
    });
    let tooLate = false;
    const deadline = setTimeout(() => {
      tooLate = true;
      live.close();
    }, connectDeadlineMs);
    const abort = () => live.close();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const client = createClient((url, headers, callbacks) =>
        live.open(() => openSocket(url, headers), callbacks),
      );
      const session = await live.orClosed(
        client.live.connect({
          model: setup.model,
          config: liveConfig(setup, { vertex }),
          callbacks: { onmessage: () => {} },
        }),
      );
      return live.become(session);
    } catch (cause) {
      const failure = live.failure;
      live.close();
      if (signal.aborted) throw aborted();
      if (tooLate) {
        const detail = `Gemini did not accept the setup within ${connectDeadlineMs} ms.`;
        throw new LiveConnectError({ kind: "deadline" }, detail);
      }
      throw new LiveConnectError(failure, withoutSecrets(detailOf(failure, cause), secrets));
    } finally {
      clearTimeout(deadline);
      signal.removeEventListener("abort", abort);
    }
  };
  return Object.assign(connect, { vertex });
}

/** Compression costs more than the rest of a session together, for base64 of audio that does not compress. */
function openWebSocket(url: string, headers: Record<string, string>): RawSocket {
  return new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
}

type OpenSocket = (url: string, headers: Record<string, string>, callbacks: SdkCallbacks) => GuardedSocket;

/** What the SDK has no public way to. `private` in its types only. */
interface LiveInsides {
  webSocketFactory?: { create: OpenSocket };
  auth?: unknown;
}

/** One client per connection: the socket factory belongs to the client, and each connection needs its own socket. */
function clientFactory(options: GoogleLiveOptions): (open: OpenSocket) => GoogleGenAI {
  // An account's access token is fetched once for all connections, not by each client for itself.
  let shared: LiveInsides["auth"];
  return (create) => {
    const client = newClient(options);
    // Should a later version of the SDK call it otherwise, this says so at once instead of running unguarded.
    const live = client.live as unknown as LiveInsides;
    if (typeof live.webSocketFactory?.create !== "function") {
      throw new Error("This version of @google/genai keeps its socket factory elsewhere.");
    }
    if (live.auth === undefined)
      throw new Error("This version of @google/genai keeps its account elsewhere.");
    live.webSocketFactory = { create };
    shared ??= live.auth;
    live.auth = shared;
    return client;
  };
}

function newClient(options: GoogleLiveOptions): GoogleGenAI {
  const baseUrl = options.baseUrl ? { baseUrl: options.baseUrl } : {};
  if ("apiKey" in options) {
    const { apiKey } = options;
    return new GoogleGenAI({ apiKey, httpOptions: { apiVersion: API_VERSION, ...baseUrl } });
  }
  const { project, location, accessToken } = options;
  return new GoogleGenAI({
    vertexai: true,
    project,
    location,
    // With a token at hand the SDK must not look for an account on this machine: a key that nobody sees stops it.
    ...(accessToken ? { googleAuthOptions: { apiKey: "none", projectId: project } } : {}),
    httpOptions: {
      apiVersion: VERTEX_API_VERSION,
      ...(accessToken ? { headers: { Authorization: `Bearer ${accessToken}` } } : {}),
      ...baseUrl,
    },
  });
}

/**
 * `connecting → live → retiring → over`. What happens before `live` is `connect`'s to tell, after it nobody's. Also
 * straight to `over`.
 */
type Phase =
  | { kind: "connecting" }
  | { kind: "live"; session: Session }
  | { kind: "retiring" }
  | { kind: "over" };

interface OwnerOptions {
  maxBufferedBytes: number;
  initialHistory: boolean;
  clean(text: string): string;
}

/** Owns the one socket of a connection, from the handshake to its end. */
class LiveSocketOwner implements LiveConnection {
  readonly #events: LiveEvents;
  readonly #maxBufferedBytes: number;
  readonly #initialHistory: boolean;
  /** Takes keys out of words that are not ours. */
  readonly #clean: (text: string) => string;
  readonly #closed = Promise.withResolvers<void>();
  #phase: Phase = { kind: "connecting" };
  #socket: GuardedSocket | undefined;
  #failure: ConnectFailure = { kind: "other" };
  /** Since when nothing more could be sent, in epoch milliseconds. */
  #fullSince: number | undefined;

  constructor(events: LiveEvents, options: OwnerOptions) {
    this.#events = events;
    this.#maxBufferedBytes = options.maxBufferedBytes;
    this.#initialHistory = options.initialHistory;
    this.#clean = options.clean;
  }

  /** Why it did not become a connection, as far as the socket knows. */
  get failure(): ConnectFailure {
    return this.#failure;
  }

  open(openSocket: () => RawSocket, callbacks: SdkCallbacks): GuardedSocket {
    const events: SocketEvents = {
      message: (message) => {
        const { sessionResumptionUpdate } = message;
        if (this.#phase.kind === "retiring") {
          if (sessionResumptionUpdate) this.#events.message({ sessionResumptionUpdate });
        } else if (this.#phase.kind !== "over") this.#events.message(message);
      },
      malformed: (detail) => {
        if (this.#phase.kind === "connecting" || this.#phase.kind === "live") this.#events.malformed(detail);
      },
      pong: () => {
        if (this.#phase.kind === "live") this.#events.pong?.();
      },
      refused: (status) => {
        this.#failure = { kind: "status", status };
      },
      closed: (code, words) => {
        const reason = this.#clean(words);
        if (this.#failure.kind === "other" && (reason !== "" || code !== ABNORMAL)) {
          this.#failure = { kind: "closed", code, reason };
        }
        this.#closed.resolve();
        this.#end({ kind: "closed", code, reason });
      },
    };
    const socket = new GuardedSocket({ open: openSocket, callbacks, events });
    this.#socket = socket;
    // What looks like the SDK's own socket, with a first frame that says what the SDK cannot.
    if (this.#initialHistory) {
      const send = socket.send.bind(socket);
      socket.send = (frame) => {
        socket.send = send;
        send(withInitialHistory(frame));
      };
    }
    // It was given up while the SDK was still fetching a token.
    if (this.#phase.kind === "over") throw new Error("Given up.");
    return socket;
  }

  /** As `connecting` does, but not later than `close`: before there is a socket the SDK would not notice that. */
  orClosed(connecting: Promise<Session>): Promise<Session> {
    connecting.catch(() => {});
    return Promise.race([
      connecting,
      this.#closed.promise.then(() => {
        if (this.#socket) return connecting;
        throw new Error("Given up.");
      }),
    ]);
  }

  /** @throws Error when the socket closed in the very moment of success: nobody would ever tell that end. */
  become(session: Session): LiveConnection {
    if (this.#phase.kind !== "connecting") throw new Error("The connection closed right after its setup.");
    this.#phase = { kind: "live", session };
    return this;
  }

  sendAudio(pcm: Int16Array): boolean {
    if (this.#phase.kind !== "live" || !this.#hasSpace()) return false;
    this.#phase.session.sendRealtimeInput({ audio: { data: encodePcm(pcm), mimeType: INPUT_MIME_TYPE } });
    return true;
  }

  sendAudioPause(): void {
    if (this.#phase.kind === "live") this.#phase.session.sendRealtimeInput({ audioStreamEnd: true });
  }

  sendTurnStart(): void {
    if (this.#phase.kind === "live") this.#phase.session.sendRealtimeInput({ activityStart: {} });
  }

  sendTurnEnd(): void {
    if (this.#phase.kind === "live") this.#phase.session.sendRealtimeInput({ activityEnd: {} });
  }

  sendContent(turns: readonly Turn[], complete: boolean): void {
    if (this.#phase.kind !== "live") return;
    const contents = turns.map(({ role, text }) => ({ role, parts: [{ text }] }));
    this.#phase.session.sendClientContent({ turns: contents, turnComplete: complete });
  }

  sendRealtimeText(text: string): void {
    if (this.#phase.kind === "live") this.#phase.session.sendRealtimeInput({ text });
  }

  sendToolResults(results: readonly ToolResult[]): void {
    if (this.#phase.kind !== "live") return;
    const functionResponses = results.map((result) => ({ ...result }));
    this.#phase.session.sendToolResponse({ functionResponses });
  }

  ping(): void {
    if (this.#phase.kind === "live") this.#socket?.ping();
  }

  async retire(): Promise<void> {
    if (this.#phase.kind === "over") return;
    this.#phase = { kind: "retiring" };
    this.#socket?.sayGoodbye();
    await this.#closed.promise;
  }

  close(): void {
    this.#phase = { kind: "over" };
    if (this.#socket) this.#socket.close();
    else this.#closed.resolve();
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

  #end(end: LiveEnd): void {
    const wasLive = this.#phase.kind === "live";
    this.close();
    if (wasLive) this.#events.ended(end);
  }
}

/** Close code of a connection that broke off, or was never there. */
const ABNORMAL = 1006;

function aborted(): LiveConnectError {
  return new LiveConnectError({ kind: "aborted" }, "The session ended before it was connected.");
}

function detailOf(failure: ConnectFailure, cause: unknown): string {
  switch (failure.kind) {
    case "closed":
      return `The connection was closed before the setup was accepted (${failure.code}): ${failure.reason}`;
    case "status":
      return `The handshake was answered with ${failure.status}.`;
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function secretsOf(options: GoogleAccount): string[] {
  if ("apiKey" in options) return [options.apiKey, encodeURIComponent(options.apiKey)];
  return options.accessToken ? [options.accessToken] : [];
}

/** The key stands in the URL, and some errors quote that. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, "<key>"), text);
}
