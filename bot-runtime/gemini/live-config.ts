import { type FunctionDeclaration, type LiveConnectConfig, Modality } from "@google/genai";
import type { ConnectionSetup } from "./live-connect.ts";

/**
 * The SDK's configuration of one connection. Made anew for each: the SDK writes into it. What is not here is left
 * out on purpose: the default model refuses `thinkingConfig`, `proactivity` and `enableAffectiveDialog`, and the
 * language is not a matter of `speechConfig.languageCode`: native-audio models follow the system instruction alone.
 */
export function liveConfig(setup: ConnectionSetup, { vertex }: { vertex: boolean }): LiveConnectConfig {
  const { language, transcriptionCodes = [language], voice, systemInstruction, tools = [] } = setup;
  return {
    responseModalities: [Modality.AUDIO],
    ...(voice ? { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } } } : {}),
    systemInstruction,
    ...(tools.length > 0 ? { tools: [{ functionDeclarations: tools.map(declarationOf) }] } : {}),
    inputAudioTranscription: { languageCodes: [...transcriptionCodes] },
    outputAudioTranscription: {},
    ...(setup.manualTurns ? { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } } : {}),
    // Asks the server for handles, and carries an earlier connection on; without compression a session would end
    // after 15 minutes.
    sessionResumption: setup.handle ? { handle: setup.handle } : {},
    contextWindowCompression: { slidingWindow: {} },
    ...(vertex && setup.labels ? { labels: { ...setup.labels } } : {}),
  };
}

/** Names of types are an enum in the SDK's types, whose values are these words. */
function declarationOf(tool: NonNullable<ConnectionSetup["tools"]>[number]): FunctionDeclaration {
  return structuredClone(tool) as FunctionDeclaration;
}

/**
 * The first frame with `historyConfig`, which the SDK leaves out though the wire has it. Any other frame as it is.
 * @param frame JSON, as the SDK makes it
 */
export function withInitialHistory(frame: string): string {
  const message: unknown = JSON.parse(frame);
  if (typeof message !== "object" || message === null || !("setup" in message)) return frame;
  const setup = message.setup as Record<string, unknown>; // our own setup, through the SDK
  return JSON.stringify({ setup: { ...setup, historyConfig: { initialHistoryInClientContent: true } } });
}
