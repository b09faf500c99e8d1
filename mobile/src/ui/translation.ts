import { useLocales } from "expo-localization";
import { useMemo } from "react";
import { nearestLanguage } from "../i18n/languages.ts";
import { type Translate, translator } from "../i18n/texts.ts";

/** The app's own texts, in the language of the phone, whatever language the conversation is in. */
export function useTranslate(): Translate {
  const locales = useLocales();
  const language = nearestLanguage(locales.map(({ languageTag }) => languageTag)) ?? "en-US";
  return useMemo(() => translator(language), [language]);
}
