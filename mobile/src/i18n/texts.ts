import type { Language } from "./languages.ts";
import type { Message } from "./messages.ts";
import { de } from "./texts/de.ts";
import { en, type Texts } from "./texts/en.ts";
import { es } from "./texts/es.ts";
import { fr } from "./texts/fr.ts";
import { it } from "./texts/it.ts";
import { nl } from "./texts/nl.ts";

export type { TextKey } from "./texts/en.ts";

/** A language without a table, or a table without a text, does not compile. */
export const TEXTS: Readonly<Record<Language, Texts>> = {
  "en-US": en,
  "es-ES": es,
  "fr-FR": fr,
  "de-DE": de,
  "nl-NL": nl,
  "it-IT": it,
};

export type Translate = (message: Message | Message["key"]) => string;

export function translator(language: Language): Translate {
  const texts = TEXTS[language];
  return (message) => {
    const { key, values = {} } = typeof message === "string" ? { key: message } : message;
    return texts[key].replaceAll(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
  };
}
