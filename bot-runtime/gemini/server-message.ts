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
  /** Such as `RESPONSE_REJECTED`. */
  turnCompleteReason: z.string().optional(),
});
export type ServerContent = z.infer<typeof ServerContent>;

/** Vertex may leave the id out. */
const FunctionCall = z.object({
  id: z.string().optional(),
  name: z.string(),
  args: z.record(z.string(), z.unknown()).optional(),
});
export type FunctionCall = z.infer<typeof FunctionCall>;

const Tokens = z.number().nonnegative().optional();

export const ServerMessage = z.object({
  setupComplete: z.object({}).optional(),
  serverContent: ServerContent.optional(),
  usageMetadata: z
    .object({ promptTokenCount: Tokens, responseTokenCount: Tokens, totalTokenCount: Tokens })
    .optional(),
  /** The connection will be closed by the server after this time, a protobuf Duration such as `50s` or `1.500s`. */
  goAway: z.object({ timeLeft: z.string().optional() }).optional(),
  toolCall: z.object({ functionCalls: z.array(FunctionCall).optional() }).optional(),
  toolCallCancellation: z.object({ ids: z.array(z.string()).optional() }).optional(),
  /** What a later connection can carry this one on with. Without `resumable` the moment is a bad one. */
  sessionResumptionUpdate: z
    .object({ newHandle: z.string().optional(), resumable: z.boolean().optional() })
    .optional(),
});
export type ServerMessage = z.infer<typeof ServerMessage>;

/** Milliseconds of a protobuf Duration in JSON, which is always in seconds and may have a fraction. */
export function durationMs(duration: string): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(duration)?.[1];
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
}

/** A server message, or what is wrong with the text: fields by their path, and never their values. */
export function parseServerMessage(text: string): ServerMessage | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  const result = ServerMessage.safeParse(json);
  if (result.success) return result.data;
  return result.error.issues.map(({ path, code }) => `${path.map(String).join(".")}: ${code}`).join("; ");
}
