import type { z } from "zod";
import { describeFieldErrors, fieldErrors } from "../../protocol/parse.ts";
import {
  ClientEnvelope,
  ClientMessageData,
  ClientReadyData,
  RawAudioBatchData,
  RawAudioData,
  RTVI_LABEL,
  RTVI_VERSION,
  SendTextData,
  type ServerMessage,
} from "./messages.ts";

/** What a client's message asks for, and what to answer at once. */
export type ClientRequest =
  /** Not RTVI: some other app message of the room. */
  | { kind: "foreign" }
  | { kind: "ready"; version: string; replies: ServerMessage[] }
  | { kind: "disconnect" }
  /** The user wrote. `run`: it is to be answered at once; `voiced`: aloud. */
  | { kind: "text"; text: string; run: boolean; voiced: boolean }
  /** An app's own message, which is answered by its id. */
  | { kind: "message"; id: string; t: string; d: unknown }
  /** What the microphone heard before the bot was ready: s16 mono at 16 kHz. */
  | { kind: "audio"; pieces: Int16Array[] }
  | { kind: "refused"; replies: ServerMessage[] };

/** Longest client-made text that an answer repeats. */
const MAX_QUOTED_CHARS = 64;
/** Answered to a message without an id of its own, so that the sender can see it at all. */
const NO_ID = "";

/** Reads an app message as a client's RTVI message. Never throws, whatever the message is. */
export function readClientMessage(data: unknown): ClientRequest {
  if (!isRecord(data) || data.label !== RTVI_LABEL) return { kind: "foreign" };
  const envelope = ClientEnvelope.safeParse(data);
  if (!envelope.success) {
    const id = typeof data.id === "string" ? data.id.slice(0, MAX_QUOTED_CHARS) : NO_ID;
    const refusal = refuse(id, `Invalid message: ${describe(envelope.error)}`);
    // A client that gets no bot-ready waits for ever: its handshake is answered even if it is malformed.
    return data.type === "client-ready" ? ready(id, RTVI_VERSION, [refusal]) : refused(refusal);
  }
  const { id, type, data: payload } = envelope.data;
  switch (type) {
    case "client-ready":
      return readClientReady(id, payload);
    case "disconnect-bot":
      return { kind: "disconnect" };
    case "client-message":
      return read(ClientMessageData, id, payload, ({ t, d }) => ({ kind: "message", id, t, d }));
    case "send-text":
      return read(SendTextData, id, payload, ({ content, options }) => ({
        kind: "text",
        text: content,
        run: options.run_immediately,
        voiced: options.audio_response,
      }));
    case "raw-audio":
      return read(RawAudioData, id, payload, ({ base64Audio }) => ({
        kind: "audio",
        pieces: [decodePcm(base64Audio)],
      }));
    case "raw-audio-batch":
      return read(RawAudioBatchData, id, payload, ({ base64AudioBatch }) => ({
        kind: "audio",
        pieces: base64AudioBatch.map(decodePcm),
      }));
    case "llm-function-call-result":
      return refused(refuse(id, "No function is waiting for the client's result."));
    case "dtmf":
      return refused(refuse(id, "This bot does not understand keys."));
    default:
      return refused(refuse(id, `Unsupported type ${type}`));
  }
}

/**
 * Version negotiation as Pipecat does it: our own major version and the one before it are served, the older with
 * its own version in the answer. Any other gets an error beside its bot-ready, and may go on at its own risk.
 */
function readClientReady(id: string, payload: unknown): ClientRequest {
  const parsed = ClientReadyData.safeParse(payload);
  if (!parsed.success) {
    return ready(id, RTVI_VERSION, [refuse(id, `Invalid message: ${describe(parsed.error)}`)]);
  }
  const { version } = parsed.data;
  switch (version.split(".")[0]) {
    case "2":
      return ready(id, RTVI_VERSION, []);
    case "1":
      return ready(id, version, []);
    default:
      return ready(id, RTVI_VERSION, [
        refuse(
          id,
          `RTVI version ${version.slice(0, MAX_QUOTED_CHARS)} is not compatible with server protocol ${RTVI_VERSION}. Compatibility issues may occur.`,
        ),
      ]);
  }
}

function read<T>(
  schema: z.ZodType<T>,
  id: string,
  payload: unknown,
  then: (data: T) => ClientRequest,
): ClientRequest {
  const parsed = schema.safeParse(payload);
  return parsed.success
    ? then(parsed.data)
    : refused(refuse(id, `Invalid message: ${describe(parsed.error)}`));
}

/** Half a sample at the end is none. Copied: where base64 is decoded to need not be aligned. */
function decodePcm(base64: string): Int16Array {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

function ready(id: string, version: string, before: ServerMessage[]): ClientRequest {
  const botReady: ServerMessage = {
    type: "bot-ready",
    id,
    data: { version, about: { library: "chat-vrd" } },
  };
  return { kind: "ready", version, replies: [...before, botReady] };
}

function refused(reply: ServerMessage): ClientRequest {
  return { kind: "refused", replies: [reply] };
}

/** The answer to a message that cannot be followed. */
export function refuse(id: string, error: string): ServerMessage {
  return { type: "error-response", id, data: { error } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(error: z.ZodError): string {
  return describeFieldErrors(fieldErrors(error));
}
