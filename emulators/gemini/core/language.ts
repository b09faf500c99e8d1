import { type Language, resolveLanguage } from "../../../protocol/languages.ts";
import type { Setup } from "./setup.ts";

const FALLBACK: Language = "en-US";

/** What each language is called in itself and in English, as it stands in a system instruction. */
const NAMES: readonly [Language, RegExp][] = [
  ["en-US", /\benglish\b/iu],
  ["es-ES", /\b(spanish|español|castellano)\b/iu],
  ["fr-FR", /\b(french|français)\b/iu],
  ["de-DE", /\b(german|deutsch)\b/iu],
  ["nl-NL", /\b(dutch|nederlands)\b/iu],
  ["it-IT", /\b(italian|italiano)\b/iu],
];

/**
 * The language of a session: the one to translate into, that of the input transcription, else the one that the
 * system instruction names first, else English.
 */
export function sessionLanguage(setup: Setup): Language {
  const target = setup.generationConfig?.translationConfig?.targetLanguageCode;
  const code = target ?? setup.inputAudioTranscription?.languageCodes?.[0];
  const asked = code === undefined ? undefined : resolveLanguage(code);
  return asked ?? namedLanguage(instructionText(setup)) ?? FALLBACK;
}

/** The system instruction as one text. */
export function instructionText(setup: Setup): string {
  return (setup.systemInstruction?.parts ?? []).map(({ text = "" }) => text).join("\n");
}

function namedLanguage(text: string): Language | undefined {
  const mentions = NAMES.map(([language, name]) => ({ language, at: text.search(name) }));
  const [first] = mentions.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  return first?.language;
}
