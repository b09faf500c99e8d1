import { z } from "zod";

/** RTVI messages, as `@pipecat-ai/client-js` 1.13 and Pipecat 1.7 speak them. This file is data only. */

export const RTVI_LABEL = "rtvi-ai";
/** What we speak. Clients of major version 1 are told their own version, and get the older `bot-output`. */
export const RTVI_VERSION = "2.1.0";

/** The largest app message that daily-js sends, in characters of its JSON. */
export const MAX_MESSAGE_CHARS = 4_096;
/** Of a text that stands alone in its message, in characters of JSON: the rest is for what stands around it. */
export const MAX_TEXT_JSON_CHARS = MAX_MESSAGE_CHARS - 512;

/** What every client message has. `data` is looked at by type. */
export const ClientEnvelope = z.object({
  label: z.literal(RTVI_LABEL),
  type: z.string().min(1).max(64),
  id: z.string().max(64),
  data: z.unknown().optional(),
});

export const ClientReadyData = z.object({
  version: z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,4}$/, "is not of the form x.y.z"),
  about: z.object({ library: z.string() }).optional().catch(undefined),
});

/** Of a text that the user wrote: as much as the model's own transcripts hold of one utterance, several times over. */
const MAX_TEXT_CHARS = 16_000;
/** Base64 of a minute of audio. */
const MAX_AUDIO_CHARS = 2_600_000;
const MAX_AUDIO_PIECES = 10_000;

export const SendTextData = z.object({
  content: z.string().min(1).max(MAX_TEXT_CHARS),
  options: z
    .object({ run_immediately: z.boolean().default(true), audio_response: z.boolean().default(true) })
    .default({ run_immediately: true, audio_response: true }),
});

export const ClientMessageData = z.object({ t: z.string().min(1).max(64), d: z.unknown().optional() });

const AudioFormat = { sampleRate: z.literal(16_000), numChannels: z.literal(1) };
export const RawAudioData = z.object({ ...AudioFormat, base64Audio: z.base64().max(MAX_AUDIO_CHARS) });
export const RawAudioBatchData = z.object({
  ...AudioFormat,
  base64AudioBatch: z.array(z.base64().max(MAX_AUDIO_CHARS)).max(MAX_AUDIO_PIECES),
});

export type SpokenStatus = "new" | "in-progress" | "completed";

/** `bot-output` of protocol 2. Only `new` creates text at the client; the others refer to it by `segment_id`. */
export interface BotOutput {
  text: string;
  aggregated_by: "sentence";
  segment_id: number;
  will_be_spoken: boolean;
  spoken_status?: SpokenStatus;
  spoken_progress?: { accumulated_text: string; remaining_text: string };
}

/** `bot-output` of protocol 1. */
export interface LegacyBotOutput {
  text: string;
  aggregated_by: "sentence";
  spoken: boolean;
}

export interface Metrics {
  /** Seconds. */
  ttfb?: { processor: string; value: number }[];
  processing?: { processor: string; value: number }[];
  tokens?: { prompt_tokens: number; completion_tokens: number; total_tokens: number }[];
}

/** What the bot sends, without label. `id` only where a message answers one. */
export type ServerMessage =
  | { type: "bot-ready"; id: string; data: { version: string; about: { library: string } } }
  | { type: "error"; data: { error: string; message: string; fatal: boolean } }
  | { type: "error-response"; id: string; data: { error: string } }
  | { type: "server-response"; id: string; data: { t: string; d?: Record<string, unknown> } }
  | { type: "server-message"; data: { t: string; d?: Record<string, unknown> } }
  | { type: "user-started-speaking" | "user-stopped-speaking" }
  | { type: "bot-started-speaking" | "bot-stopped-speaking" | "bot-interrupted" }
  | { type: "bot-llm-started" | "bot-llm-stopped" | "bot-tts-started" | "bot-tts-stopped" }
  | { type: "bot-llm-text" | "bot-tts-text" | "bot-transcription"; data: { text: string } }
  | { type: "user-llm-text"; data: { text: string } }
  | {
      type: "user-transcription";
      data: { text: string; user_id: string; timestamp: string; final: boolean };
    }
  | { type: "bot-output"; data: BotOutput | LegacyBotOutput }
  | FunctionCallMessage
  | { type: "metrics"; data: Metrics };

/** Name, arguments and result only if the bot is to report them. */
export type FunctionCallMessage =
  | { type: "llm-function-call-started"; data: { function_name?: string } }
  | {
      type: "llm-function-call-in-progress";
      data: { tool_call_id: string; function_name?: string; arguments?: Record<string, unknown> };
    }
  | {
      type: "llm-function-call-stopped";
      data: {
        tool_call_id: string;
        cancelled: boolean;
        function_name?: string;
        result?: Record<string, unknown>;
      };
    };
