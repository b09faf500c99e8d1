import { bytesOf, OUTPUT_RATE_HZ } from "./pcm.ts";

/** What a server says. Google sends fields alone or together in one message; this one sends what belongs together. */
export type ServerMessage =
  | { setupComplete: Record<string, never> }
  | { serverContent: ServerContent; usageMetadata?: UsageMetadata }
  | { sessionResumptionUpdate: { newHandle: string; resumable: boolean } }
  /** A protobuf duration, such as `50s` or `1.500s`. */
  | { goAway: { timeLeft: string } };

export interface ServerContent {
  modelTurn?: { role: "model"; parts: { inlineData: { mimeType: string; data: string } }[] };
  inputTranscription?: { text: string; finished: true; languageCode: string };
  outputTranscription?: { text: string };
  interrupted?: true;
  generationComplete?: true;
  turnComplete?: true;
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

export function audioMessage(pcm: Int16Array): ServerMessage {
  const data = bytesOf(pcm).toString("base64");
  const mimeType = `audio/pcm;rate=${OUTPUT_RATE_HZ}`;
  return { serverContent: { modelTurn: { role: "model", parts: [{ inlineData: { mimeType, data } }] } } };
}

export function goAwayMessage(timeLeftMs: number): ServerMessage {
  const seconds = timeLeftMs / 1000;
  return { goAway: { timeLeft: `${Number.isInteger(seconds) ? seconds : seconds.toFixed(3)}s` } };
}

/** As on Google's wire: a binary frame of indented JSON that ends in a newline. */
export function encodeServerMessage(message: ServerMessage): Buffer {
  return Buffer.from(`${JSON.stringify(message, null, 2)}\n`);
}
