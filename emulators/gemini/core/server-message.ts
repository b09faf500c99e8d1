import { bytesOf } from "./pcm.ts";

/** What a server says: one of these a frame. Only `serverContent` has several fields, see `frames.ts`. */
export type ServerMessage =
  /** Vertex tells the session's id. */
  | { setupComplete: { sessionId?: string } }
  | ContentMessage
  | { toolCall: { functionCalls: FunctionCall[] } }
  /** Calls that are not to be carried out, or whose results nobody wants any more. */
  | { toolCallCancellation: { ids: string[] } }
  /** While the session cannot be resumed, `resumable` is false and `newHandle` empty. */
  | { sessionResumptionUpdate: SessionResumptionUpdate }
  /** A protobuf duration, such as `50s` or `1.500s`. */
  | { goAway: { timeLeft: string } }
  /** Vertex, where the setup has `explicitVadSignal`. `type` is the name on the wire; the SDK calls it otherwise. */
  | { voiceActivity: { type: "ACTIVITY_START" | "ACTIVITY_END"; audioOffset: string } }
  /** The older form of it, for chosen customers; only by order. */
  | { voiceActivityDetectionSignal: { vadSignalType: string } };

export interface ContentMessage {
  serverContent: ServerContent;
  usageMetadata?: UsageMetadata;
}

export interface ServerContent {
  interrupted?: true;
  /** Independent of the model's turn: it may come before, during or after it. */
  inputTranscription?: Transcription;
  interimInputTranscription?: Transcription;
  /** A piece with the space before it. The recordings of Vertex begin with one that is empty. */
  outputTranscription?: Transcription;
  modelTurn?: { role: "model"; parts: Part[] };
  groundingMetadata?: object;
  urlContextMetadata?: object;
  generationComplete?: true;
  waitingForInput?: true;
  turnComplete?: true;
  turnCompleteReason?: string;
  /** With `turnComplete`. `IN_PROGRESS`: more may come without anybody speaking, since a function still runs. */
  interactionStatus?: "IDLE" | "IN_PROGRESS";
}

export interface Transcription {
  text?: string;
  finished?: true;
  languageCode?: string;
  /** Protobuf durations since the start of the sound. */
  startOffset?: string;
  endOffset?: string;
}

export type Part =
  | { inlineData: { mimeType: string; data: string } }
  | { text: string; thought?: boolean }
  | { executableCode: { language: string; code: string } }
  | { codeExecutionResult: { outcome: string; output: string } };

export interface FunctionCall {
  name: string;
  args: Record<string, unknown>;
  id: string;
}

export interface SessionResumptionUpdate {
  newHandle: string;
  resumable: boolean;
  /** Vertex, where the setup has `sessionResumption.transparent`: an int64, which JSON holds as text. */
  lastConsumedClientMessageIndex?: string;
}

interface ModalityTokens {
  modality: "TEXT" | "AUDIO";
  tokenCount: number;
}

export interface UsageMetadata {
  promptTokenCount: number;
  responseTokenCount: number;
  totalTokenCount: number;
  promptTokensDetails: ModalityTokens[];
  responseTokensDetails: ModalityTokens[];
}

export function audioContent(pcm: Int16Array, mimeType: string): ContentMessage {
  const data = bytesOf(pcm).toString("base64");
  return { serverContent: { modelTurn: { role: "model", parts: [{ inlineData: { mimeType, data } }] } } };
}

export function goAwayMessage(timeLeftMs: number): ServerMessage {
  return { goAway: { timeLeft: protobufDuration(timeLeftMs) } };
}

/** Whole seconds have no fraction, others have three digits: `50s`, `1.500s`. */
export function protobufDuration(ms: number): string {
  const seconds = ms / 1000;
  return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(3)}s`;
}

/** As on Google's wire: indented JSON that ends in a newline. */
export function encodeServerMessage(message: object): Buffer {
  return Buffer.from(`${JSON.stringify(message, null, 2)}\n`);
}
