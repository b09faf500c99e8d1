import { z } from "zod";

/** Bytes of sound or of a picture, as `inlineData` and in `realtimeInput`. */
export const Blob = z.strictObject({ data: z.base64(), mimeType: z.string() });
export type Blob = z.output<typeof Blob>;

const MediaType = z.string().regex(/^[a-z]+\/[a-z0-9.+-]+(\s*;.*)?$/i, "is no media type");

/**
 * A part of a turn. Every name that the API knows is known here; which of them a conversation may hold is decided
 * below, since the model refuses some of what the API can parse.
 */
const Part = z.strictObject({
  text: z.string().optional(),
  inlineData: z
    .strictObject({ data: z.base64(), mimeType: MediaType, displayName: z.string().optional() })
    .optional(),
  fileData: z
    .strictObject({
      fileUri: z.string(),
      mimeType: MediaType.optional(),
      displayName: z.string().optional(),
    })
    .optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.base64().optional(),
  functionCall: z.looseObject({}).optional(),
  functionResponse: z.looseObject({}).optional(),
  toolCall: z.looseObject({}).optional(),
  toolResponse: z.looseObject({}).optional(),
  executableCode: z.looseObject({}).optional(),
  codeExecutionResult: z.looseObject({}).optional(),
  videoMetadata: z.looseObject({}).optional(),
  mediaResolution: z.looseObject({}).optional(),
  mediaProcessing: z.enum(["MEDIA_PROCESSING_UNSPECIFIED", "STATIC", "AGENTIC"]).optional(),
  audioTranscription: z.looseObject({}).optional(),
  speechMetadata: z.looseObject({}).optional(),
  partMetadata: z.record(z.string(), z.unknown()).optional(),
});
type Part = z.output<typeof Part>;

/** Of a part exactly one of these says what it is. */
const DATA_FIELDS = [
  "text",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
  "toolCall",
  "toolResponse",
  "executableCode",
  "codeExecutionResult",
] as const satisfies (keyof Part)[];

function dataFields(part: Part): string[] {
  return DATA_FIELDS.filter((field) => part[field] !== undefined);
}

const Parts = z
  .array(
    Part.refine((part) => dataFields(part).length === 1, { error: "a part has exactly one kind of data" }),
  )
  .min(1, "must not be empty");

/**
 * A turn of the conversation. The history of tools is refused, since Live closes on it with 1007: whoever seeds a
 * conversation has to put it into words.
 */
export const Turn = z.strictObject({
  role: z.enum(["user", "model"], { error: "please use a valid role: user, model" }).optional(),
  parts: Parts.refine((parts) => parts.every(isSayable), { error: "only text and media can be said" }),
});
export type Turn = z.output<typeof Turn>;

function isSayable({ text, inlineData, fileData }: Part): boolean {
  return text !== undefined || inlineData !== undefined || fileData !== undefined;
}

/** A system instruction, of text alone. Its role has no bearing. */
export const Instruction = z.strictObject({
  role: z.enum(["user", "system", "model"]).optional(),
  parts: Parts.refine((parts) => parts.every(({ text }) => text !== undefined), {
    error: "a system instruction is text",
  }),
});
export type Instruction = z.output<typeof Instruction>;
