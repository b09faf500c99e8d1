import { z } from "zod";
import { Instruction, Turn } from "./setup-content.ts";
import { isLanguageTag } from "./setup-speech.ts";
import { Int64, Tools } from "./setup-tools.ts";

/**
 * The client's first message, as strict as Google: a name that its API does not know is refused, and so is a value of
 * the wrong kind, so that a typing error cannot lie in wait for the day of the first real key. Known names are taken
 * in camelCase only, as the official client writes them. The fields are those of `LiveClientSetup` in the official
 * client's types (3.1.0).
 */

/** The official client leaves out the modality, or asks for sound; a Live model of today has no other. */
const ResponseModalities = z.array(z.literal("AUDIO", { error: "the model answers with AUDIO only" })).max(1);

const VoiceConfig = z
  .strictObject({
    prebuiltVoiceConfig: z.strictObject({ voiceName: z.string().optional() }).optional(),
    replicatedVoiceConfig: z.looseObject({}).optional(),
    voice: z.string().optional(),
  })
  .optional();

const LanguageTag = z.string().refine(isLanguageTag, { error: "is no BCP 47 language tag" });

const Share = z.number().min(0).max(1);

const GenerationConfig = z.strictObject({
  responseModalities: ResponseModalities.optional(),
  candidateCount: z.literal(1, { error: "there is one candidate" }).optional(),
  temperature: z.number().min(0).max(2).optional(),
  topP: Share.optional(),
  topK: z.number().positive().optional(),
  maxOutputTokens: z.int32().positive().optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  seed: z.int32().optional(),
  mediaResolution: z
    .enum([
      "MEDIA_RESOLUTION_UNSPECIFIED",
      "MEDIA_RESOLUTION_LOW",
      "MEDIA_RESOLUTION_MEDIUM",
      "MEDIA_RESOLUTION_HIGH",
    ])
    .optional(),
  speechConfig: z
    .strictObject({
      voiceConfig: VoiceConfig,
      multiSpeakerVoiceConfig: z.looseObject({}).optional(),
      languageCode: z.string().optional(),
    })
    .optional(),
  thinkingConfig: z
    .strictObject({
      includeThoughts: z.boolean().optional(),
      thinkingBudget: z.int32().min(-1).optional(),
      thinkingLevel: z.enum(["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"]).optional(),
    })
    .optional(),
  enableAffectiveDialog: z.boolean().optional(),
  translationConfig: z
    .strictObject({ targetLanguageCode: LanguageTag.optional(), echoTargetLanguage: z.boolean().optional() })
    .optional(),
});

const Transcription = z.strictObject({
  languageCodes: z.array(LanguageTag).optional(),
  languageAuto: z.strictObject({}).optional(),
  languageHints: z.strictObject({ languageCodes: z.array(LanguageTag).optional() }).optional(),
  customVocabulary: z.array(z.string()).optional(),
  adaptationPhrases: z.array(z.string()).optional(),
  wordTimestamp: z.boolean().optional(),
  diarization: z.boolean().optional(),
  mode: z.enum(["MODE_UNSPECIFIED", "VERBATIM", "SMART"]).optional(),
  sourceText: z.string().optional(),
});

/** How long a pause ends the user's turn, where the client does not say. */
export const DEFAULT_SILENCE_MS = 600;
const MAX_SILENCE_MS = 10_000;

const RealtimeInputConfig = z.strictObject({
  automaticActivityDetection: z
    .strictObject({
      disabled: z.boolean().default(false),
      startOfSpeechSensitivity: z
        .enum(["START_SENSITIVITY_UNSPECIFIED", "START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"])
        .optional(),
      endOfSpeechSensitivity: z
        .enum(["END_SENSITIVITY_UNSPECIFIED", "END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"])
        .optional(),
      prefixPaddingMs: z.int32().nonnegative().optional(),
      silenceDurationMs: z.int32().nonnegative().max(MAX_SILENCE_MS).optional(),
    })
    .optional(),
  activityHandling: z
    .enum(["ACTIVITY_HANDLING_UNSPECIFIED", "START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"])
    .optional(),
  turnCoverage: z
    .enum([
      "TURN_COVERAGE_UNSPECIFIED",
      "TURN_INCLUDES_ONLY_ACTIVITY",
      "TURN_INCLUDES_ALL_INPUT",
      "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
    ])
    .optional(),
  interimTranscriptTimestampEnabled: z.boolean().optional(),
});

const HARM_CATEGORIES = [
  "HARM_CATEGORY_HARASSMENT",
  "HARM_CATEGORY_HATE_SPEECH",
  "HARM_CATEGORY_SEXUALLY_EXPLICIT",
  "HARM_CATEGORY_DANGEROUS_CONTENT",
  "HARM_CATEGORY_CIVIC_INTEGRITY",
] as const;

const SafetySetting = z.strictObject({
  category: z.enum(HARM_CATEGORIES),
  threshold: z.enum([
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "BLOCK_NONE",
    "OFF",
  ]),
  method: z.enum(["HARM_BLOCK_METHOD_UNSPECIFIED", "SEVERITY", "PROBABILITY"]).optional(),
});

/** As the official client's types say of labels (3.1.0), but for letters of other scripts than ours. */
const Label = z.string().regex(/^[a-z0-9_-]{0,63}$/, "is no label");
const LabelKey = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "is no key of a label");

/** Fields of a setup but for the model, which a token's constraints may leave out. */
const SetupFields = z.strictObject({
  generationConfig: GenerationConfig.optional(),
  systemInstruction: Instruction.optional(),
  tools: Tools.optional(),
  realtimeInputConfig: RealtimeInputConfig.optional(),
  sessionResumption: z
    .strictObject({ handle: z.string().optional(), transparent: z.boolean().optional() })
    .optional(),
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
  explicitVadSignal: z.boolean().optional(),
  avatarConfig: z
    .strictObject({
      avatarName: z.string().optional(),
      customizedAvatar: z.looseObject({}).optional(),
      audioBitrateBps: z.int32().optional(),
      videoBitrateBps: z.int32().optional(),
    })
    .optional(),
  safetySettings: z.array(SafetySetting).optional(),
  labels: z.record(LabelKey, Label).optional(),
});

export const Setup = SetupFields.extend({ model: z.string() });
export type Setup = z.output<typeof Setup>;

/** A setup as an ephemeral token may hold it: any part of one. */
export const PartialSetup = SetupFields.extend({ model: z.string().optional() });
export type PartialSetup = z.output<typeof PartialSetup>;

export const ClientContent = z.strictObject({
  turns: z.array(Turn).default([]),
  /** Without it the turns are context, to be answered later. */
  turnComplete: z.boolean().default(false),
});
export type ClientContent = z.output<typeof ClientContent>;

/** Replaces the system instruction or the tools of a session under way. */
export const ContextUpdate = z
  .strictObject({
    systemInstruction: Instruction.optional(),
    tools: z.strictObject({ tools: Tools.optional() }).optional(),
  })
  .refine((update) => Object.keys(update).length > 0, { error: "nothing is updated" });
export type ContextUpdate = z.output<typeof ContextUpdate>;
