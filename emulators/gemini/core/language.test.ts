import { expect, test } from "vitest";
import { setupOf } from "../test-support/setups.ts";
import { sessionLanguage } from "./language.ts";

function languageOf(codes: string[] | undefined, instruction?: string) {
  return sessionLanguage(
    setupOf({
      ...(codes && { inputAudioTranscription: { languageCodes: codes } }),
      ...(instruction && { systemInstruction: { parts: [{ text: instruction }] } }),
    }),
  );
}

test("is that of the input transcription, or the one nearest to it", () => {
  expect(languageOf(["nl-NL"], "RESPOND ONLY IN ENGLISH (US).")).toBe("nl-NL");
  expect(languageOf(["de-AT"])).toBe("de-DE");
});

test.each([
  ["RESPOND ONLY IN ENGLISH (US).", "en-US"],
  ["RESPONDE ÚNICAMENTE EN ESPAÑOL DE ESPAÑA (castellano peninsular).", "es-ES"],
  ["RÉPONDS UNIQUEMENT EN FRANÇAIS (France).", "fr-FR"],
  ["ANTWORTE NUR AUF DEUTSCH.", "de-DE"],
  ["ANTWOORD UITSLUITEND IN HET NEDERLANDS.", "nl-NL"],
  ["RISPONDI SOLO IN ITALIANO.", "it-IT"],
  ["Speak Dutch, even if the user speaks English or French.", "nl-NL"],
])("else the first that the system instruction names: %s", (instruction, language) => {
  expect(languageOf(undefined, instruction)).toBe(language);
  expect(languageOf(["ja-JP"], instruction)).toBe(language);
});

test("is the one to translate into, whatever is heard", () => {
  const generationConfig = { translationConfig: { targetLanguageCode: "it" } };
  const heard = { inputAudioTranscription: { languageCodes: ["de-DE"] } };
  expect(sessionLanguage(setupOf({ generationConfig, ...heard }))).toBe("it-IT");
});

test("else English", () => {
  expect(languageOf(undefined)).toBe("en-US");
  expect(languageOf([], "Be brief. Do not Germanise.")).toBe("en-US");
});
