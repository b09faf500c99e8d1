import type { Door } from "./doors.ts";

/** The prebuilt voices, the same for every language (https://ai.google.dev/gemini-api/docs/speech-generation#voices). */
export const VOICES: ReadonlySet<string> = new Set(
  `Zephyr Puck Charon Kore Fenrir Leda Orus Aoede Callirrhoe Autonoe Enceladus Iapetus Umbriel Algieba Despina Erinome
  Algenib Rasalgethi Laomedeia Achernar Alnilam Schedar Gacrux Pulcherrima Achird Zubenelgenubi Vindemiatrix Sadachbia
  Sadaltager Sulafat`.split(/\s+/),
);

/**
 * What `speechConfig.languageCode` may be. The lists are those of `SpeechConfig` in the Developer API's reference
 * (https://ai.google.dev/api/generate-content) and of
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/live-api/configure-language-voice: es-ES is in the first
 * alone.
 */
export const SPEECH_LANGUAGES: Readonly<Record<Door["kind"], ReadonlySet<string>>> = {
  gemini: new Set(
    `de-DE en-AU en-GB en-IN en-US es-US fr-FR hi-IN pt-BR ar-XA es-ES fr-CA id-ID it-IT ja-JP tr-TR vi-VN bn-IN gu-IN
    kn-IN ml-IN mr-IN ta-IN te-IN nl-NL ko-KR cmn-CN pl-PL ru-RU th-TH`.split(/\s+/),
  ),
  vertex: new Set(
    `ar-EG bn-BD de-DE en-IN en-US es-US fr-FR hi-IN id-ID it-IT ja-JP ko-KR mr-IN nl-NL pl-PL pt-BR ro-RO ru-RU ta-IN
    te-IN th-TH tr-TR uk-UA vi-VN`.split(/\s+/),
  ),
};

/** Whether it has the form of a language tag. Transcription takes tags beyond the lists above. */
export function isLanguageTag(code: string): boolean {
  return /^[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|\d{3}))?$/.test(code);
}
