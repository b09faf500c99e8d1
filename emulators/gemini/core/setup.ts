import { z } from "zod";

/**
 * The client's first message, as strict as Google: a name that its API does not know is refused, so that a typing
 * error cannot lie in wait for the day of the first real key. Known names are taken in camelCase only, as the
 * official client writes them, and what has no bearing on an emulated voice is checked for its name alone.
 */

const Content = z.strictObject({
  role: z.string().optional(),
  parts: z.array(z.looseObject({ text: z.string().optional() })).default([]),
});
export type Content = z.output<typeof Content>;

/** A number that protobuf writes as a string in JSON. */
const Int64 = z.union([z.int(), z.string().regex(/^-?\d+$/)]);

/** The official client leaves out the modality, or asks for sound; a Live model of today has no other. */
const ResponseModalities = z.array(z.literal("AUDIO", { error: "the model answers with AUDIO only" })).max(1);

const GenerationConfig = z.strictObject({
  responseModalities: ResponseModalities.optional(),
  candidateCount: z.int().optional(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  topK: z.number().optional(),
  maxOutputTokens: z.int().optional(),
  presencePenalty: z.number().optional(),
  frequencyPenalty: z.number().optional(),
  seed: z.int().optional(),
  mediaResolution: z.string().optional(),
  speechConfig: z
    .strictObject({
      voiceConfig: z.looseObject({}).optional(),
      multiSpeakerVoiceConfig: z.looseObject({}).optional(),
      languageCode: z.string().optional(),
    })
    .optional(),
  thinkingConfig: z.looseObject({}).optional(),
  enableAffectiveDialog: z.boolean().optional(),
  translationConfig: z.looseObject({}).optional(),
});

const Transcription = z.strictObject({
  languageCodes: z.array(z.string()).optional(),
  customVocabulary: z.array(z.string()).optional(),
  mode: z.string().optional(),
});

/** How long a pause ends the user's turn, where the client does not say. */
export const DEFAULT_SILENCE_MS = 600;
const MAX_SILENCE_MS = 10_000;

const RealtimeInputConfig = z.strictObject({
  automaticActivityDetection: z
    .strictObject({
      disabled: z.boolean().default(false),
      startOfSpeechSensitivity: z.string().optional(),
      endOfSpeechSensitivity: z.string().optional(),
      prefixPaddingMs: z.int().nonnegative().optional(),
      silenceDurationMs: z.int().nonnegative().max(MAX_SILENCE_MS).optional(),
    })
    .optional(),
  activityHandling: z
    .enum(["ACTIVITY_HANDLING_UNSPECIFIED", "START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"])
    .optional(),
  turnCoverage: z.string().optional(),
  interimTranscriptTimestampEnabled: z.boolean().optional(),
});

export const Setup = z.strictObject({
  model: z.string(),
  generationConfig: GenerationConfig.optional(),
  systemInstruction: Content.optional(),
  tools: z
    .array(
      z.strictObject({
        functionDeclarations: z.array(z.looseObject({ name: z.string() })).optional(),
        computerUse: z.looseObject({}).optional(),
        fileSearch: z.looseObject({}).optional(),
        googleMaps: z.looseObject({}).optional(),
        googleSearch: z.looseObject({}).optional(),
        googleSearchRetrieval: z.looseObject({}).optional(),
        codeExecution: z.looseObject({}).optional(),
        mcpServers: z.array(z.looseObject({})).optional(),
        urlContext: z.looseObject({}).optional(),
      }),
    )
    .optional(),
  realtimeInputConfig: RealtimeInputConfig.optional(),
  sessionResumption: z.strictObject({ handle: z.string().optional() }).optional(),
  contextWindowCompression: z
    .strictObject({
      triggerTokens: Int64.optional(),
      slidingWindow: z.strictObject({ targetTokens: Int64.optional() }).optional(),
    })
    .optional(),
  inputAudioTranscription: Transcription.optional(),
  outputAudioTranscription: Transcription.optional(),
  proactivity: z
    .strictObject({ proactiveAudio: z.boolean().optional(), proactiveVideo: z.boolean().optional() })
    .optional(),
  historyConfig: z.strictObject({ initialHistoryInClientContent: z.boolean().optional() }).optional(),
  avatarConfig: z.looseObject({}).optional(),
  safetySettings: z.array(z.looseObject({})).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});
export type Setup = z.output<typeof Setup>;

export const ClientContent = z.strictObject({
  turns: z.array(Content).default([]),
  /** Without it the turns are context, to be answered later. */
  turnComplete: z.boolean().default(false),
});
export type ClientContent = z.output<typeof ClientContent>;
