import type { EndReason } from "../../../protocol/session.ts";
import { FailureError } from "../connection/failure.ts";
import type { ConnectionEvent } from "../connection/state.ts";
import { WAIT_LIMITS_MS } from "../connection/waits.ts";
import { EMPTY_TRANSCRIPT, nextTranscript } from "../transcript/transcript.ts";
import type { Call } from "./call.ts";
import type { Conversation } from "./conversation.ts";
import type { Notice } from "./listen.ts";
import { isOver } from "./messages.ts";
import type { Ports } from "./ports.ts";

/** What the first steps of a conversation need of whoever keeps its state. */
export interface Beginning {
  readonly ports: Ports;
  readonly conversation: Conversation;
  dispatch(event: ConnectionEvent): void;
  notice(notice: Notice): void;
  serviceEnded(reason: EndReason | undefined): void;
  newCall(): Call;
}

export interface PrepareOptions extends Beginning {
  /** The session to go back into, rather than a new one. */
  readonly resume: string | undefined;
  /** Resolves when the client of the conversation before is free again, or given up. */
  readonly leaving: Promise<void>;
}

/** Asks the service what it is, and opens the microphone. */
export async function prepare(options: PrepareOptions): Promise<void> {
  const { ports, conversation, resume, leaving, dispatch, notice, newCall } = options;
  const { server, ending } = conversation;
  // The client of the call before may still be leaving, and only then it can be used again.
  const [config] = await Promise.all([ports.createApi(server).config(), leaving]);
  if (ending.signal.aborted) return;
  conversation.config = config;
  ports.store.setState({ server: config });
  if (config.emulated.daily && !ports.canEmulateDaily) throw new FailureError({ kind: "needs-browser" });
  if (resume !== undefined && !(await recall(options, resume))) return;

  const permission = await ports.askForMicrophone();
  if (ending.signal.aborted) return;
  if (!permission.granted) throw new FailureError({ kind: "microphone", reason: permission.reason });
  if (!permission.background) notice({ kind: "no-background" });
  await newCall().openDevice();
  if (!ending.signal.aborted) dispatch({ type: "device-ready" });
}

/** Whether the session goes on. What was said in it is shown again. */
async function recall({ ports, conversation, serviceEnded }: Beginning, sessionId: string): Promise<boolean> {
  const { server, ending } = conversation;
  const record = await ports.createApi(server).session(sessionId);
  if (ending.signal.aborted) return false;
  if (isOver(record)) {
    serviceEnded(record.reason);
    return false;
  }
  const transcript = nextTranscript(EMPTY_TRANSCRIPT, { type: "remembered", entries: record.transcript });
  ports.store.setState({ transcript });
  return true;
}

/** Asks for a session, and keeps it before anybody joins: from then on there is something to come back to. */
export async function start({ ports, conversation, dispatch }: Beginning): Promise<void> {
  const { server, ending, call } = conversation;
  if (!call) return;
  const { language } = ports.store.getState().settings;
  const started = await call.call.start(server, language, WAIT_LIMITS_MS.session);
  const { sessionId, room_url: roomUrl, token, expiresAt } = started;
  if (ending.signal.aborted) {
    // Should this fail, the session still ends by itself, since nobody joins it.
    await ports
      .createApi(server)
      .stop(sessionId)
      .catch(() => undefined);
    return;
  }
  const session = { sessionId, serverUrl: server.url, roomUrl, token, expiresAt };
  conversation.session = session;
  await ports.saved.save(session);
  if (!ending.signal.aborted) dispatch({ type: "session-started", sessionId });
}
