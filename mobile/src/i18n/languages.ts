import type { Language } from "../../../protocol/languages.ts";

export type { Language };

/** What each language calls itself. Only types can be shared with `protocol/`; a test compares the two. */
export const LANGUAGES = {
  "en-US": "English (US)",
  "es-ES": "Español",
  "fr-FR": "Français",
  "de-DE": "Deutsch",
  "nl-NL": "Nederlands",
  "it-IT": "Italiano",
} as const satisfies Record<Language, string>;

export const LANGUAGE_TAGS = [
  "en-US",
  "es-ES",
  "fr-FR",
  "de-DE",
  "nl-NL",
  "it-IT",
] as const satisfies Language[];

/** The language nearest to the first of the wanted tags that has one: `de_AT` → `de-DE`. */
export function nearestLanguage(wanted: readonly string[]): Language | undefined {
  for (const tag of wanted) {
    const [primary] = tag.trim().replaceAll("_", "-").toLowerCase().split("-");
    const found = LANGUAGE_TAGS.find((known) => known.slice(0, 2) === primary);
    if (found) return found;
  }
  return undefined;
}
