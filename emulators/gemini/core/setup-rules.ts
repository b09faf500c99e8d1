import { type Close, Closes } from "./closes.ts";
import { type Door, rulesOf } from "./doors.ts";
import { type Personality, personalityOf } from "./personalities.ts";
import type { Setup } from "./setup.ts";
import { SPEECH_LANGUAGES, VOICES } from "./setup-speech.ts";
import { declaredFunctions, type Tool } from "./setup-tools.ts";
import { accept, type Parsed, refuse } from "./wire-json.ts";

/**
 * What a setup that the API can parse may ask of its model, at its address: the model's personality, or how Google
 * closes. Models come first, since the rest depends on them.
 */
export function checkSetup(setup: Setup, door: Door): Parsed<Personality> {
  const personality = personalityOf(setup.model, door);
  if (!personality) return refuse(Closes.unknownModel(setup.model, door.apiVersion));
  const close =
    checkFields(setup, door) ??
    checkSpeech(setup, door) ??
    checkThinking(setup, personality) ??
    checkHearing(setup, { personality, door }) ??
    checkTools(setup.tools, personality) ??
    checkTranslation(setup, personality);
  return close ? refuse(close) : accept(personality);
}

/** Names that exist at the other address alone. */
function checkFields(setup: Setup, door: Door): Close | undefined {
  if (rulesOf(door).hasEnterpriseFields) return undefined;
  if (setup.explicitVadSignal !== undefined) return Closes.unknownField("explicitVadSignal", "setup");
  if (setup.sessionResumption?.transparent !== undefined) {
    return Closes.unknownField("transparent", "setup.session_resumption");
  }
  const method = setup.safetySettings?.findIndex((setting) => setting.method !== undefined) ?? -1;
  return method < 0 ? undefined : Closes.unknownField("method", `setup.safety_settings[${method}]`);
}

function checkSpeech(setup: Setup, door: Door): Close | undefined {
  const speech = setup.generationConfig?.speechConfig;
  if (!speech) return undefined;
  if (speech.multiSpeakerVoiceConfig) return Closes.badArgument("A Live session has one speaker.");
  if (speech.voiceConfig?.replicatedVoiceConfig) return Closes.notSupported;
  for (const voice of [speech.voiceConfig?.prebuiltVoiceConfig?.voiceName, speech.voiceConfig?.voice]) {
    if (voice !== undefined && !VOICES.has(voice)) return Closes.badVoice(voice, setup.model);
  }
  const { languageCode } = speech;
  if (languageCode !== undefined && !SPEECH_LANGUAGES[door.kind].has(languageCode)) {
    return Closes.badLanguage(languageCode, setup.model);
  }
  return undefined;
}

function checkThinking(setup: Setup, { thinking }: Personality): Close | undefined {
  const config = setup.generationConfig?.thinkingConfig;
  if (!config) return undefined;
  if (thinking === "none") return Closes.badArgument("thinkingConfig is not supported by this model.");
  if (thinking === "budget" && config.thinkingLevel !== undefined) {
    return Closes.badArgument("thinkingLevel is not supported by this model, thinkingBudget is.");
  }
  if (thinking === "level" && config.thinkingBudget !== undefined) {
    return Closes.badArgument("thinkingBudget is not supported by this model, thinkingLevel is.");
  }
  return undefined;
}

function checkHearing(
  { generationConfig, proactivity, systemInstruction }: Setup,
  { personality, door }: { personality: Personality; door: Door },
): Close | undefined {
  const affective = generationConfig?.enableAffectiveDialog;
  // 2.5 has both in v1alpha only; in other versions the names do not exist.
  const early = personality.name === "2.5" && door.kind === "gemini" && door.apiVersion !== "v1alpha";
  if (affective !== undefined) {
    if (!personality.affectiveDialog) return Closes.badArgument("enableAffectiveDialog is not supported.");
    if (early) return Closes.unknownField("enableAffectiveDialog", "setup.generation_config");
  }
  if (proactivity !== undefined) {
    if (!personality.proactivity) return Closes.badArgument("proactivity is not supported by this model.");
    if (early) return Closes.unknownField("proactivity", "setup");
    if (proactivity.proactiveAudio === false && !personality.proactiveAudioFalseAllowed) {
      return Closes.badArgument("proactiveAudio cannot be turned off for this model.");
    }
  }
  if (systemInstruction && !personality.systemInstruction) {
    return Closes.badArgument("systemInstruction is not supported by this model.");
  }
  return undefined;
}

/** What Live models have beside functions is Google Search (the models' pages). */
const LIVE_TOOLS: ReadonlySet<string> = new Set<keyof Tool>(["functionDeclarations", "googleSearch"]);

/** Also for the tools that an update of the context brings. */
export function checkTools(tools: readonly Tool[] | undefined, personality: Personality): Close | undefined {
  if (!tools || tools.length === 0) return undefined;
  if (!personality.tools) return Closes.badArgument("tools are not supported by this model.");
  if (tools.some((tool) => Object.keys(tool).some((name) => !LIVE_TOOLS.has(name)))) {
    return Closes.notSupported;
  }
  const nonBlocking = declaredFunctions(tools).find(({ behavior }) => behavior === "NON_BLOCKING");
  if (nonBlocking && !personality.nonBlockingTools) {
    return Closes.badArgument(`NON_BLOCKING is not supported by this model (${nonBlocking.name}).`);
  }
  return undefined;
}

function checkTranslation({ generationConfig }: Setup, { translates }: Personality): Close | undefined {
  const config = generationConfig?.translationConfig;
  if (translates && !config?.targetLanguageCode) {
    return Closes.badArgument("This model needs translationConfig.targetLanguageCode.");
  }
  if (!translates && config) return Closes.badArgument("translationConfig is not supported by this model.");
  return undefined;
}
