import { WebSocket } from "ws";
import { clientFactory, type GoogleService, secretsOf, withoutSecrets } from "./google-client.ts";
import type { RawSocket, SocketFactory } from "./guarded-socket.ts";
import { liveConfig } from "./live-config.ts";
import { type ConnectFailure, type LiveConnect, LiveConnectError } from "./live-connect.ts";
import { LiveSocketOwner } from "./live-socket-owner.ts";

/** Handshake and setup together. Measured: well below 1 s; the SDK itself would wait for ever. */
const CONNECT_DEADLINE_MS = 10_000;
/** What may be on its way to Gemini: about 5 s of audio. Beyond it the peer does not read, and audio is left out. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** Far above any message of Gemini's (a chunk of audio is 16 kB); what is larger closes the connection. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

export type GoogleLiveOptions = GoogleService & {
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
