import type { Session } from "@google/genai";
import { GuardedSocket, type RawSocket, type SdkCallbacks, type SocketEvents } from "./guarded-socket.ts";
import { withInitialHistory } from "./live-config.ts";
import type {
  ConnectFailure,
  LiveConnection,
  LiveEnd,
  LiveEvents,
  ToolResult,
  Turn,
} from "./live-connect.ts";
import { encodePcm } from "./pcm.ts";

/** A peer that has read nothing of a full buffer for so long is dead. */
const STALLED_MS = 5_000;
const INPUT_MIME_TYPE = "audio/pcm;rate=16000";
/** Close code of a connection that broke off, or was never there. */
const ABNORMAL = 1006;

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
export class LiveSocketOwner implements LiveConnection {
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
