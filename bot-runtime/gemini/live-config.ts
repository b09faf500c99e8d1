import { type LiveConnectConfig, Modality } from "@google/genai";
import type { LiveSetup } from "./live-connect.ts";

/**
 * The SDK's configuration of one connection. Made anew for each: the SDK writes into it. What is not here is left
 * out on purpose: the default model refuses `thinkingConfig`, `proactivity` and `enableAffectiveDialog`, and the
 * language is not a matter of `speechConfig.languageCode` (see `instruction.ts`).
 */
export function liveConfig({ language, voice, systemInstruction }: LiveSetup): LiveConnectConfig {
  return {
    responseModalities: [Modality.AUDIO],
    ...(voice ? { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } } } : {}),
    systemInstruction,
    inputAudioTranscription: { languageCodes: [language] },
    outputAudioTranscription: {},
    // Asks the server for handles; without compression a session would end after 15 minutes.
    sessionResumption: {},
    contextWindowCompression: { slidingWindow: {} },
  };
}
