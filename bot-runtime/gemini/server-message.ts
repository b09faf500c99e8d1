import { z } from "zod";

/**
 * The fields of a Gemini Live server message that we act upon; all others are left out. Fields are not exclusive:
 * newer models put audio, transcription and the end of a turn into one message.
 */

const Transcription = z.object({ text: z.string().optional(), finished: z.boolean().optional() });

const Part = z.object({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  inlineData: z.object({ mimeType: z.string().optional(), data: z.string().optional() }).optional(),
});

export const ServerContent = z.object({
  interrupted: z.boolean().optional(),
  modelTurn: z.object({ parts: z.array(Part).optional() }).optional(),
  inputTranscription: Transcription.optional(),
  outputTranscription: Transcription.optional(),
  generationComplete: z.boolean().optional(),
  turnComplete: z.boolean().optional(),
});
export type ServerContent = z.infer<typeof ServerContent>;

const Tokens = z.number().nonnegative().optional();

export const ServerMessage = z.object({
  setupComplete: z.object({}).optional(),
  serverContent: ServerContent.optional(),
  usageMetadata: z
    .object({ promptTokenCount: Tokens, responseTokenCount: Tokens, totalTokenCount: Tokens })
    .optional(),
  /** The connection will be closed by the server after this time, a protobuf Duration such as `50s` or `1.500s`. */
  goAway: z.object({ timeLeft: z.string().optional() }).optional(),
  toolCall: z.object({}).optional(),
});
export type ServerMessage = z.infer<typeof ServerMessage>;

/** Milliseconds of a protobuf Duration in JSON, which is always in seconds and may have a fraction. */
export function durationMs(duration: string): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(duration)?.[1];
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
}
